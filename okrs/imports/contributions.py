"""Whom a key result contributes to: another one of its cycle, named by title or by metric."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from okrs.imports.cells import Problem, shown
from okrs.imports.existing import Existing
from okrs.imports.rows import Key, Row
from okrs.writing import plain


class Targets:
    """The key results of the file and of the engagement by what a contribution can call them."""

    def __init__(self, rows: Iterable[Row], *, existing: Existing) -> None:
        self.titles: dict[tuple[str, str], dict[Key, None]] = {}
        self.metrics: dict[tuple[str, str], dict[Key, None]] = {}
        for row in rows:
            self._add(row.key, metric=row.metric)
        for key, key_result in existing.key_results.items():
            self._add(key, metric=key_result.metric.name if key_result.metric else "")

    def named_by(self, row: Row) -> list[Key]:
        """None, one, or two where several are meant; a title goes before a metric."""
        place = row.key[0], plain(row.contributes_to)
        for names in (self.titles, self.metrics):
            others = (key for key in names.get(place, ()) if key != row.key)
            if found := list(islice(others, 2)):
                return found
        return []

    def _add(self, key: Key, *, metric: str) -> None:
        self.titles.setdefault((key[0], key[2]), {})[key] = None
        self.metrics.setdefault((key[0], plain(metric)), {})[key] = None


def check_contributions(
    rows: Sequence[Row], *, targets: Targets, torn: set[str]
) -> Iterator[Problem]:
    """Each contribution must name one other key result, and none may lead back to itself (M2.4)."""
    links: dict[Key, Key] = {}
    for row in rows:
        if not row.contributes_to or not row.cycle:
            continue
        found = targets.named_by(row)
        if len(found) == 1:
            links[row.key] = found[0]
        elif found:
            message = f"Several key results of {row.cycle} go by {shown(row.contributes_to)}."
            yield _problem(row, message, "Write the title of the one that is meant.")
        elif plain(row.contributes_to) not in torn:
            message = f"No other key result of {row.cycle} goes by {shown(row.contributes_to)}."
            yield _problem(row, message, "Write its title or its metric as in the file.")
    yield from _loops(rows, links=links)


def _loops(rows: Sequence[Row], *, links: dict[Key, Key]) -> Iterator[Problem]:
    """One problem per loop. Only new rows get a link, one each: no loop runs through older ones."""
    lines = {row.key: row for row in rows}
    walked: dict[Key, Key] = {}  # to the start of the walk that came here first
    for row in rows:
        key = row.key
        if key in walked:
            continue
        while key in links and key not in walked:
            walked[key] = row.key
            key = links[key]
        if key in links and walked[key] == row.key:
            message = f"Its contribution to {shown(lines[key].contributes_to)} leads back to it."
            yield _problem(lines[key], message, "Leave one of these links out.")


def _problem(row: Row, message: str, mend: str) -> Problem:
    return Problem(row.line, "contributes_to", message, mend)
