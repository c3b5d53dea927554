"""A sheet of OKRs as it is sent: a file, or its lines pasted in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

MOST = 1_000_000  # bytes: some four thousand key results
MOST_TO_FIX = 100_000  # characters that a page with problems repeats
SPLIT = "Split it, for example by cycle or by team."


class SheetForm(forms.Form):
    """A file goes before pasted lines; `content` is what the importer reads.

    `sent` is the size of what came, in bytes: a file that is far too large is not even kept.
    """

    sheet = forms.FileField(
        required=False,
        label="CSV file",
        allow_empty_file=True,  # the importer says what an empty one lacks
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    lines = forms.CharField(
        required=False,
        strip=False,
        label="Or its lines, pasted",
        help_text="The first line names the columns.",
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
            raise ValidationError("Choose a file, or paste its lines.", code="missing")
        size = file.size if file else len(lines) or self.sent
        if size > MOST:
            self.add_error("sheet" if file or not lines else "lines", too_large(size))
            return data
        content = file.read() if file else lines
        # A browser sends the lines of a text in its own way; the file is read as it will come back.
        data["content"] = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    @property
    def text(self) -> str:
        """The sheet as text; empty where letters would be lost, so that none are imported."""
        content = getattr(self, "cleaned_data", {}).get("content", b"")
        try:
            return content.decode("utf-8-sig") or self["lines"].value() or ""
        except UnicodeDecodeError:
            return ""

    @property
    def text_to_fix(self) -> str:
        """The sheet as text; empty where it is too long to be fixed on the page."""
        return self.text if len(self.text) <= MOST_TO_FIX else ""


def too_large(size: int) -> ValidationError:
    shown = f"{size / 1_000_000:.1f} MB"
    return ValidationError(f"It has {shown}, the most is 1 MB. {SPLIT}", code="too_large")
