from __future__ import annotations

from django.apps import AppConfig


class CheckinsConfig(AppConfig):
    name = "checkins"

    def ready(self) -> None:
        from checkins.commands.settling import follow_state
        from checkins.messages import escalations, rules
        from okrs.commands.states import register_follower

        rules.register_rules()
        escalations.register_rules()
        register_follower(follow_state)
