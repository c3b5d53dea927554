"""The rows of a compiled query (`tenancy.compiled`) as instances of its models.

They equal Django's, which runs a model's initialiser for each row and creates joined objects
again each time. Here a row's values are set at once, and rows share the objects they join.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.sql.compiler import SQLCompiler

Row = Sequence[Any]
Known = dict[tuple[int, Any], Model]  # by the column of a primary key, and its value


@dataclass(frozen=True, kw_only=True)
class Part:
    """The columns of one model in a row, and the models that are joined in from it.

    `attach` puts an instance, or None, where the model that joins it keeps it.
    """

    model: type[Model]
    columns: slice
    names: Sequence[str]
    key: int
    joined: Sequence[Part]
    attach: Callable[[Model, Model | None], None] | None
    annotations: Mapping[str, int]

    def read(self, rows: Iterable[Row], *, using: str) -> list[Model]:
        known: Known = {}
        return [self._instance(row, known, using) for row in rows]

    def _instance(self, row: Row, known: Known, using: str) -> Model:
        one = self.model.__new__(self.model)
        state = ModelState()
        state.adding, state.db = False, using
        one.__dict__["_state"] = state
        one.__dict__.update(zip(self.names, row[self.columns], strict=True))
        one.__dict__.update({name: row[column] for name, column in self.annotations.items()})
        for part in self.joined:
            assert part.attach  # noqa: S101 - for the type checker: only the first has none
            part.attach(one, part._shared(row, known, using))
        return one

    def _shared(self, row: Row, known: Known, using: str) -> Model | None:
        value = row[self.key]
        if value is None:
            return None
        key = self.key, value
        if key not in known:
            known[key] = self._instance(row, known, using)
        return known[key]


def part_of(compiler: SQLCompiler) -> Part:
    """How to read the rows of a compiler that has made its SQL."""
    return _part(compiler.klass_info, compiler.select, annotations=compiler.annotation_col_map)


def _part(info: Any, select: Any, *, annotations: Mapping[str, int] | None = None) -> Part:
    if info.get("reverse") or info.get("from_parent"):
        raise NotImplementedError("Join foreign keys only: others keep more than is set here.")
    first, last = info["select_fields"][0], info["select_fields"][-1]
    names = [column.target.attname for column, *_ in select[first : last + 1]]
    return Part(
        model=info["model"],
        columns=slice(first, last + 1),
        names=names,
        key=first + names.index(info["model"]._meta.pk.attname),
        joined=[_part(one, select) for one in info.get("related_klass_infos", ())],
        attach=info.get("local_setter"),
        annotations=annotations or {},
    )
