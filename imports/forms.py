"""The forms that take a sheet, and the answers about it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from engagements.form_fields import TextField
from imports.columns import FIELDS
from imports.models import Sheet
from imports.plans import LONGEST_CLIENT
from imports.problems import SKIPPED, Answers
from imports.sheets import LONGEST_CELL, SPLIT

MOST = 1_000_000  # bytes: some four thousand key results
PASTED = "Pasted cells"
CELL = re.compile(rf"cell:([0-9]{{1,7}}:(?:{'|'.join(FIELDS)}))")


class SheetForm(forms.Form):
    """A file or pasted cells; the file wins. `content` is for the importer.

    `sent` is the size of the request in bytes: Django drops a file that is far too large.
    """

    sheet = forms.FileField(
        required=False,
        label="Excel or CSV file",
        allow_empty_file=True,  # the importer explains the problem
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.tsv,.txt,text/csv"}),
    )
    lines = TextField(
        required=False,
        strip=False,
        label="Or paste cells from a spreadsheet",
        help_text="Copy them with their headings.",
        widget=forms.Textarea(
            attrs={"rows": 8, "maxlength": MOST, "spellcheck": "false", "wrap": "off"}
        ),
    )

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
        data["content"] = file.read() if file else lines
        data["name"] = file.name[:200] if file else PASTED
        return data


class AnswersForm(forms.Form):
    """Answers about a stored sheet, and whether to import it then: all of it, or what is ready.

    The columns, and cells that were typed, have fields of their own: "column-2", "cell:4:target".
    A cell counts if it is not as it `was` on the page. An empty choice is the guess. `answer` is the value of an offer's button.
    """

    decimal = forms.ChoiceField(required=False, choices=[(each, each) for each in ",."])
    dates = forms.ChoiceField(required=False, choices=[("day", "day"), ("month", "month")])
    cycle = forms.CharField(required=False, max_length=60)
    client = forms.CharField(required=False, max_length=LONGEST_CLIENT)
    remembers = forms.BooleanField(required=False)
    answer = forms.CharField(required=False, max_length=LONGEST_CELL)
    expecting = forms.IntegerField(required=False, min_value=0)
    action = forms.ChoiceField(required=False, choices=[("all", "all"), ("ready", "ready")])

    def __init__(self, data: Any, *, sheet: Sheet) -> None:
        super().__init__(data)
        self.sheet = sheet

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        columns = {str(at): self.data.get(f"column-{at}") for at in range(len(self.sheet.headings))}
        cells = {
            match[1]: str(text)[:LONGEST_CELL].replace("\x00", "")
            for name, text in self.data.items()
            if (match := CELL.fullmatch(name)) and text != self.data.get(f"was:{match[1]}")
        }
        answers = Answers.of(self.sheet.answers)
        answers = replace(
            answers,
            columns={at: name for at, name in columns.items() if name in {SKIPPED, *FIELDS}},
            cells={**answers.cells, **cells},
            **{name: data.get(name, "") for name in ("decimal", "dates", "cycle", "client")},
        )
        data["answers"] = answers.with_answer(data.get("answer", ""))
        return data


def too_large(size: int) -> ValidationError:
    shown = f"{size / 1_000_000:.1f} MB"
    return ValidationError(
        f"The sheet has {shown}, at most 1 MB is possible. {SPLIT}", code="too_large"
    )
