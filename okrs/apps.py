from django.apps import AppConfig


class OkrsConfig(AppConfig):
    name = "okrs"

    def ready(self) -> None:
        from engagements.holdings import register, register_ending
        from okrs.commands.holdings import HOLDINGS, end_collaboration

        register(*HOLDINGS)
        register_ending(end_collaboration)
