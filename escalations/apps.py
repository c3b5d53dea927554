from django.apps import AppConfig


class EscalationsConfig(AppConfig):
    name = "escalations"

    def ready(self) -> None:
        from engagements.holdings import Holding, register
        from escalations.commands import update_escalation_after_check_in
        from escalations.messages import register_rules
        from escalations.models import OPEN, Escalation
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
                current=lambda today: OPEN,
            )
        )
