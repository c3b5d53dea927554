"""Reasons to overrule a writing check: one field per check, named after its code (M3.1)."""

from __future__ import annotations

from typing import Any

from engagements.edit_forms import EditForm
from okrs.standards import Finding

PREFIX = "reason-"
LONGEST = 500


class ReasonedForm(EditForm):
    """An edit form whose writing checks may be overruled with a reason."""

    def typed_reasons(self) -> dict[str, str]:
        """Return the reasons by the check's code: those typed, else those saved."""
        saved: dict[str, str] = dict(getattr(self.row, "reasons", {}))
        if not self.is_bound:
            return saved
        typed = {
            name.removeprefix(PREFIX): str(value).strip()[:LONGEST]
            for name, value in self.data.items()
            if name.startswith(PREFIX)
        }
        return {**saved, **typed}

    def findings(self) -> list[tuple[Finding, str]]:
        """Return the findings on the text as typed, each with the reason given (M3)."""
        if not self.is_bound and self.row is None:
            return []
        reasons = self.typed_reasons()
        return [(finding, reasons.get(finding.code, "")) for finding in self.check()]

    def check(self) -> list[Finding]:
        """Return the findings on the text as typed."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        data["reasons"] = {code: text for code, text in self.typed_reasons().items() if text}
        return data
