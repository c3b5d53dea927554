from django.apps import AppConfig
from django.db.models import Q


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from decisions.models import OccasionKind, register_occasions
        from engagements.holdings import Holding, register, register_ending
        from engagements.models import Role
        from engagements.permissions import Permission, may
        from reviews.models import Attendance, Review
        from reviews.queries.recorded import review_titles

        register_occasions(OccasionKind.REVIEW, review_titles)
        register_ending(
            lambda leaving: Attendance.objects.filter(
                engagement_id=leaving.engagement_id, member=leaving, review__started_at=None
            ).delete()
        )
        register(
            Holding(
                model=Review,
                key="lead",
                verb="runs",
                one="review",
                many="reviews",
                page="reviews:review-detail",
                current=lambda today: Q(closed_at=None),
                counters=("version", "live_version"),
                roles=[role.value for role in Role if may(role, Permission.RUN_REVIEWS)],
            )
        )
