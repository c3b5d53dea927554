from django.apps import AppConfig


class CheckinsConfig(AppConfig):
    name = "checkins"

    def ready(self) -> None:
        from checkins.commands import follow_rhythm
        from checkins.messages import register_rules
        from checkins.periods import silent_from
        from engagements.commands.engagements import register_rhythm_follower
        from okrs.states import register_silence

        register_rules()
        register_silence(silent_from)
        register_rhythm_follower(follow_rhythm)
