from functools import partial

from django.apps import AppConfig
from django.db.models import Q


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from decisions.models import OccasionKind, register_occasions
        from engagements.holdings import Holding, register
        from engagements.models import Role
        from engagements.permissions import Permission, may
        from reviews.models import Attendance, Review
        from reviews.queries.recorded import review_titles

        register_occasions(OccasionKind.REVIEW, review_titles)
        of_review = partial(Holding, one="review", many="reviews", page="reviews:review-detail")
        register(
            of_review(
                model=Review,
                key="lead",
                verb="runs",
                current=lambda today: Q(closed_at=None),
                counters=("version", "live_version"),
                roles=[role.value for role in Role if may(role, Permission.RUN_REVIEWS)],
            ),
            of_review(
                model=Attendance,
                key="member",
                path="review",
                verb="is invited to",
                current=lambda today: Q(review__started_at=None),
                counters=(),
                is_once=True,
            ),
        )
