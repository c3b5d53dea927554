from __future__ import annotations

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "reviews"

    def ready(self) -> None:
        from reviews.models.occasions import OccasionKind, register_occasions
        from reviews.queries.captured import review_titles

        register_occasions(OccasionKind.REVIEW, review_titles)
