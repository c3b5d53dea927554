"""The form that uploads a sheet of OKRs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from engagements.form_fields import TextField

MOST = 1_000_000  # bytes: some four thousand key results
MOST_TO_FIX = 100_000  # characters that can be edited on the page
SPLIT = "Split it, for example by cycle or by team."


class SheetForm(forms.Form):
    """A file or pasted lines; the file wins. `content` is for the importer.

    `sent` is the size of the request in bytes: Django drops a file that is far too large.
    """

    sheet = forms.FileField(
        required=False,
        label="CSV file",
        allow_empty_file=True,  # the importer explains the problem
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    lines = TextField(
        required=False,
        strip=False,
        label="Or paste its lines",
        help_text="The first line has the column names.",
        widget=forms.Textarea(
            attrs={"rows": 8, "maxlength": MOST, "spellcheck": "false", "wrap": "off"}
        ),
    )
    client = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)
    expecting = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    report = forms.BooleanField(required=False, widget=forms.HiddenInput)

    too_costly = ValidationError(
        f"This sheet takes too much time or memory to check. {SPLIT}", code="too_costly"
    )

    def __init__(self, data: Any = None, files: Any = None, *, sent: int = 0) -> None:
        super().__init__(data, files)
        self.sent = sent

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        file, lines = data["sheet"], data["lines"].encode()
        if file is None and not lines.strip() and self.sent <= MOST:
            raise ValidationError("Choose a file or paste its lines.", code="missing")
        size = file.size if file else len(lines) or self.sent
        if size > MOST:
            self.add_error("sheet" if file or not lines else "lines", too_large(size))
            return data
        content = file.read() if file else lines
        # Browsers change line endings in text areas, so the file gets the same ones.
        data["content"] = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    @property
    def text(self) -> str:
        """The sheet as text; empty if it is not UTF-8, so that no letter is lost."""
        content = getattr(self, "cleaned_data", {}).get("content", b"")
        try:
            return content.decode("utf-8-sig") or self["lines"].value() or ""
        except UnicodeDecodeError:
            return ""

    @property
    def text_to_fix(self) -> str:
        """The sheet as text; empty if it is too long to edit on the page."""
        return self.text if len(self.text) <= MOST_TO_FIX else ""


def too_large(size: int) -> ValidationError:
    shown = f"{size / 1_000_000:.1f} MB"
    return ValidationError(
        f"The sheet has {shown}, at most 1 MB is possible. {SPLIT}", code="too_large"
    )
