from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from decisions.models import OccasionKind, register_occasions
        from reviews.queries.recorded import review_titles

        register_occasions(OccasionKind.REVIEW, review_titles)
