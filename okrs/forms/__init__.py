from __future__ import annotations

from okrs.forms.cycles import BoardFilter, ContributionForm, CycleForm, TeamForm
from okrs.forms.key_results import AuditForm, KeyResultForm
from okrs.forms.objectives import ObjectiveForm, read_versions
from okrs.forms.sheets import SheetForm

__all__ = [
    "AuditForm",
    "BoardFilter",
    "ContributionForm",
    "CycleForm",
    "KeyResultForm",
    "ObjectiveForm",
    "SheetForm",
    "TeamForm",
    "read_versions",
]
