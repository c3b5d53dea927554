"""Forms on a row that others may change meanwhile, and the comparison in a stale form."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, ClassVar, Self

from django import forms
from django.db import models
from django.http import QueryDict
from django.utils.dateformat import format as date_format

from engagements.figure_fields import FigureField
from engagements.form_fields import MemberField, MembersField, who_can_own
from engagements.models import Engagement, Membership

NOTHING = "nothing"
BLANK = "---------"  # Django's label of the empty choice

Segments = list[tuple[str, bool]]  # text, whether it differs


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field in both versions, cut where their words differ."""

    label: str
    theirs: Segments
    yours: Segments


class GroupedForm(forms.Form):
    """A form with its fields grouped under headings; without groups it is one list."""

    groups: ClassVar[dict[str, tuple[str, ...]]] = {}
    folded: ClassVar[frozenset[str]] = frozenset()  # headings of groups that few people need

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the visible fields by heading."""
        if not self.groups:
            return [("", self.visible_fields())]
        grouped = (
            (heading, [self[name] for name in names if name in self.fields])
            for heading, names in self.groups.items()
        )
        return [(heading, fields) for heading, fields in grouped if fields]

    def unfolded(self) -> set[str]:
        """Return the folded headings that are open: an error, or a value other than the default."""
        return {
            heading
            for heading, fields in self.sections()
            if heading in self.folded and any(map(_is_in_use, fields))
        }


def _is_in_use(field: forms.BoundField) -> bool:
    value, default = field.value(), field.field.initial
    is_set = value not in field.field.empty_values and field.field.has_changed(default, value)
    return is_set or bool(field.errors)


class EditForm(GroupedForm):
    """A form for the input of a command; on an existing row it carries the row's version."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    # The row as someone else saved it meanwhile, if the command found that.
    stale: models.Model | None = None

    # Maps an error code of the command to the field that shows it.
    error_fields: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        data: Any = None,
        *,
        engagement: Engagement,
        row: models.Model | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        shown = {} if row is None else self.shown(row)
        super().__init__(data, initial={**shown, **(initial or {})})
        self.engagement, self.row = engagement, row
        if row is None:
            del self.fields["version"]
        for name, field in self.fields.items():
            if isinstance(field, MemberField | MembersField):
                field.queryset = who_can_own(engagement, named=self._named(name))
            elif isinstance(field, FigureField):
                field.locale = engagement.figure_locale
                field.set_near(saved=self.initial.get(name))

    @classmethod
    def shown(cls, row: models.Model) -> dict[str, Any]:
        """Return the initial values from the row's fields of the same names."""
        return {name: getattr(row, name) for name in cls.base_fields if hasattr(row, name)}

    def _named(self, name: str) -> list[Membership]:
        value = self.initial.get(name) or []
        return value if isinstance(value, list) else [value]

    def on_top_of(self, current: models.Model) -> Self:
        """Return the form with the same input on the current row, to be saved over it."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[self.add_prefix("version")] = str(current.version)  # type: ignore[attr-defined]
        return self.over(current, data=data)

    def over(self, row: models.Model | None, *, data: Any = None) -> Self:
        """Return a form of this kind for that row."""
        return type(self)(data, engagement=self.engagement, row=row)

    def compare(self) -> list[Difference]:
        """Return the fields whose input differs from the saved row."""
        saved = self.over(self.row)
        pairs = [
            (field.label, written(saved[field.name]), written(field))
            for field in self.visible_fields()
        ]
        return [
            difference(label=str(label), theirs=theirs, yours=yours)
            for label, theirs, yours in pairs
            if theirs != yours
        ]


def written(field: forms.BoundField) -> str:
    """Return the value of a field as text: labels of choices, days as people write them."""
    value = field.value()
    if isinstance(field.field, FigureField):
        value = field.field.rewrite(value)
    if isinstance(field.field, forms.DateField | forms.DateTimeField):
        return _write_date(str(value or ""), field.field)
    if isinstance(value, bool):
        return "yes" if value else "no"
    values = value if isinstance(value, list | tuple) else [value]
    # A browser sends the lines of a text in its own way; that is no difference.
    texts = [str(each).replace("\r\n", "\n") for each in values if each not in (None, "")]
    labels = {str(choice): str(label) for choice, label in getattr(field.field, "choices", ())}
    if labels:
        texts = sorted(labels.get(text, text) for text in texts)
    return ", ".join(texts) or labels.get("", "").replace(BLANK, "") or NOTHING


def _write_date(text: str, field: forms.DateField | forms.DateTimeField) -> str:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:  # as typed
        return text or NOTHING
    return date_format(at, "D j M Y H:i" if isinstance(field, forms.DateTimeField) else "D j M Y")


def difference(*, label: str, theirs: str, yours: str) -> Difference:
    """Both texts, cut into stretches of words that differ and that do not."""
    left, right = theirs.split(), yours.split()
    blocks = SequenceMatcher(a=left, b=right, autojunk=False).get_matching_blocks()
    same_left = {index for block in blocks for index in range(block.a, block.a + block.size)}
    same_right = {index for block in blocks for index in range(block.b, block.b + block.size)}
    return Difference(
        label=label, theirs=_segments(left, same_left), yours=_segments(right, same_right)
    )


def _segments(words: list[str], same: set[int]) -> Segments:
    grouped = groupby(enumerate(words), key=lambda pair: pair[0] not in same)
    return [(" ".join(word for _, word in pairs), differs) for differs, pairs in grouped]
