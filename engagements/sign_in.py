from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-in is for people who were invited."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
