"""What a page of findings needs beside the finding itself."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def kept_for(reasons: dict[str, str], code: str) -> str:
    """`{{ objective.reasons|kept_for:finding.code }}`: the reason given against a check (M3.1)."""
    return reasons.get(code, "")
