from django.apps import AppConfig


class EscalationsConfig(AppConfig):
    name = "escalations"

    def ready(self) -> None:
        from escalations.commands import update_escalation_after_check_in
        from escalations.messages import register_rules
        from okrs.states import register_follower

        register_rules()
        register_follower(update_escalation_after_check_in)
