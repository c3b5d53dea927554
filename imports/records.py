"""The lines of a sheet as objectives and key results, whatever shape the sheet has. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from imports.columns import FIGURES, Column
from imports.formats import COMPANY, FAILED, LEVELS, TYPES
from imports.problems import Answers, Problem, cell_offer, quote
from imports.sheets import Grid
from okrs.formatting import YES_NO
from tenancy.text import comparable

PERSON = ("owner", "owner_email")
TYPE_OFFERS = ("objective", "key result")


@dataclass
class Record:
    """A line with its cells by field; an objective's has an empty `key_result`."""

    line: int
    cells: dict[str, str]
    is_objective: bool = False
    problems: list[Problem] = field(default_factory=list)

    def get(self, name: str) -> str:
        return self.cells.get(name, "")


def read_records(
    grid: Grid, *, columns: Sequence[Column], answers: Answers, client_names: Collection[str]
) -> list[Record]:
    """Return a record for each line: flat, or a tree by title, by id or by order.

    A cell of cycle, team, objective or owner that is left blank takes the value above it, as in
    merged cells. A team without a name in a new objective is the company's, unless teams are
    merged over several objectives.
    """
    fields = {column.at: column.field for column in columns if column.field}
    records = [_record(line, cells, fields=fields, answers=answers) for line, cells in grid.lines]
    objectives = _objectives_by_name(records)
    first_team = records[0].get("team") if records else ""
    are_merged = bool(first_team) and "level" not in fields.values()
    above = Record(0, {})
    for record in records:
        parent = objectives.get(comparable(record.get("parent")))
        _fill(record, parent=parent, above=above, are_merged=are_merged)
        above = record
    for record in records:
        _name_team(record, client_names=client_names)
    _fill_addresses(records)
    return records


def _record(
    line: int, cells: Sequence[str], *, fields: Mapping[int, str], answers: Answers
) -> Record:
    """Name the cells of a line, with those that someone changed, and find what it describes."""
    record = Record(line, {name: cells[at].strip() for at, name in fields.items()})
    record.cells |= answers.changed(line)
    for name, text in record.cells.items():
        if FAILED.fullmatch(text):
            message = f"{quote(text)} is a formula that failed."
            record.problems.append(Problem(line, name, message, "Enter its value.", text))
    typed = record.get("type")
    kind = TYPES.get(comparable(typed), "")
    if typed and not kind:
        offers = tuple(cell_offer(line, "type", name) for name in TYPE_OFFERS)
        fix = "Choose objective or key result."
        message = f"{quote(typed)} is neither an objective nor a key result."
        record.problems.append(Problem(line, "type", message, fix, typed, offers))
    has_figures = any(record.get(name) for name in FIGURES)
    is_heading = bool(record.get("objective")) and not record.get("key_result") and not has_figures
    record.is_objective = kind == "objective" or (not kind and is_heading)
    if title := record.get("title"):
        record.cells["objective" if record.is_objective else "key_result"] = title
    if record.is_objective:
        record.cells["objective"] = record.get("objective") or record.get("key_result")
        record.cells["key_result"] = ""
    if kind == "binary":
        record.cells["unit"] = record.get("unit") or YES_NO
    return record


def _objectives_by_name(records: Iterable[Record]) -> dict[str, Record]:
    """Return the objectives of a tree by their ids and titles."""
    names: dict[str, Record] = {}
    for record in records:
        if record.is_objective:
            for name in (record.get("id"), record.get("objective")):
                names.setdefault(comparable(name), record)
    names.pop("", None)
    return names


def _fill(record: Record, *, parent: Record | None, above: Record, are_merged: bool) -> None:
    """Fill the blank cells of a line from the objective it names, or from the line above."""
    cells = record.cells
    if record.is_objective:
        if parent is record:
            parent = None
        if parent is not None:
            cells["parent"] = parent.get("objective")
        cells["cycle"] = record.get("cycle") or above.get("cycle")
        is_same = False
    else:
        named = parent.get("objective") if parent else record.get("parent")
        title = record.get("objective") or named
        source = parent if parent and not record.get("objective") else above
        is_same = not title or comparable(title) == comparable(source.get("objective"))
        cells["objective"] = title or above.get("objective")
        cells["cycle"] = record.get("cycle") or source.get("cycle")
        cells["parent"] = ""
        if is_same and not record.get("team") and not record.get("level"):
            cells |= {name: source.get(name) for name in ("team", "level")}
    if are_merged and not is_same and not record.get("team"):
        cells["team"] = above.get("team")
    if not any(record.get(name) for name in PERSON):
        cells |= {name: above.get(name) for name in PERSON}


def _name_team(record: Record, *, client_names: Collection[str]) -> None:
    """Read level and team: a team named "Company" or as the client is the company's."""
    level, team = comparable(record.get("level")), comparable(record.get("team"))
    record.cells["level"] = LEVELS.get(level, record.get("level"))
    if team in COMPANY or team in client_names:
        record.cells["team"] = ""


def _fill_addresses(records: Sequence[Record]) -> None:
    """Give owners without an address the one that another line has for their name."""
    addresses: dict[str, set[str]] = {}
    for record in records:
        if record.get("owner_email"):
            addresses.setdefault(comparable(record.get("owner")), set()).add(
                record.get("owner_email")
            )
    for record in records:
        known = addresses.get(comparable(record.get("owner")), set())
        if record.get("owner") and not record.get("owner_email") and len(known) == 1:
            record.cells["owner_email"] = next(iter(known))
