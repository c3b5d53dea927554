"""OKR sets from a CSV file: read, checked as a whole, written all or nothing."""

from __future__ import annotations

from okrs.imports.cells import Problem
from okrs.imports.command import ImportRefusedError, Outcome, import_okrs
from okrs.imports.sheets import COLUMNS
from okrs.imports.writing import Made

__all__ = ["COLUMNS", "ImportRefusedError", "Made", "Outcome", "Problem", "import_okrs"]
