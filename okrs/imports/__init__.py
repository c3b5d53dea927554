"""OKR sets from a CSV file: read, checked as a whole, written all or nothing."""

from __future__ import annotations

from okrs.imports.cells import Problem
from okrs.imports.command import ImportChangedError, ImportRefusedError, Outcome, import_okrs
from okrs.imports.examples import example
from okrs.imports.formulas import guarded, unguarded
from okrs.imports.sheets import COLUMNS
from okrs.imports.wording import counted, said_made
from okrs.imports.writing import Made

__all__ = [
    "COLUMNS",
    "ImportChangedError",
    "ImportRefusedError",
    "Made",
    "Outcome",
    "Problem",
    "counted",
    "example",
    "guarded",
    "import_okrs",
    "said_made",
    "unguarded",
]
