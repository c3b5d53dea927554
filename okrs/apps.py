import datetime as dt
from functools import partial
from typing import Any

from django.apps import AppConfig
from django.db.models import Q

AFTER_END = dt.timedelta(days=7)  # values may still come (M10.1)


class OkrsConfig(AppConfig):
    name = "okrs"

    def ready(self) -> None:
        from engagements.holdings import Holding, register
        from okrs.commands.cycles import MAY_CHAMPION
        from okrs.commands.objectives import drop_second_mention
        from okrs.models import Collaborator, KeyResult, Objective, Stage, Team

        over = [Stage.CLOSED, Stage.LEARNING, Stage.WITHDRAWN]

        def objectives(today: dt.date, path: str = "") -> Q:
            return Q(**{f"{path}cycle__ends_on__gte": today - AFTER_END})

        def key_results(today: dt.date, path: str = "") -> Q:
            return objectives(today, f"{path}objective__") & ~Q(**{f"{path}stage__in": over})

        of_objective = partial(
            Holding, one="objective", many="objectives", page="okrs:objective-detail"
        )
        of_key_result = partial(
            Holding, one="key result", many="key results", page="workspace:key-result-detail"
        )
        owner: dict[str, Any] = {"key": "owner", "verb": "owns", "after": drop_second_mention}
        helper: dict[str, Any] = {
            **{"model": Collaborator, "key": "member", "verb": "helps with"},
            **{"counters": (), "is_once": True},
        }
        register(
            of_objective(model=Objective, current=objectives, **owner),
            of_objective(
                model=Objective,
                key="reviewer",
                verb="reviews",
                current=lambda today: objectives(today) & Q(committed_at=None),
            ),
            of_key_result(model=KeyResult, current=key_results, **owner),
            of_objective(
                path="objective",
                current=lambda today: objectives(today, "objective__"),
                **helper,
            ),
            of_key_result(
                path="key_result",
                current=lambda today: key_results(today, "key_result__"),
                **helper,
            ),
            Holding(
                model=Team,
                key="champion",
                verb="champions",
                one="team",
                many="teams",
                page="okrs:team-list",
                has_address=False,
                roles=MAY_CHAMPION,
            ),
        )
