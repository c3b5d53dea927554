from django.apps import AppConfig
from django.db.models import Q


class EscalationsConfig(AppConfig):
    name = "escalations"

    def ready(self) -> None:
        from engagements.holdings import Holding, register
        from escalations.commands import update_escalation_after_check_in
        from escalations.messages import register_rules
        from escalations.models import Escalation
        from okrs.states import register_follower

        register_rules()
        register_follower(update_escalation_after_check_in)
        register(
            Holding(
                model=Escalation,
                key="plan_owner",
                path="key_result",
                verb="carries out",
                one="recovery plan",
                many="recovery plans",
                page="workspace:key-result-detail",
                current=lambda today: Q(recovered_at=None, decided_at=None),
            )
        )
