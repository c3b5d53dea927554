"""Filter for pages with findings of the writing checks."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def reason_for(reasons: dict[str, str], code: str) -> str:
    """`{{ objective.reasons|reason_for:finding.code }}`: the reason given to overrule a check (M3.1)."""
    return reasons.get(code, "")
