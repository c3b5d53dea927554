from __future__ import annotations

from okrs.forms.commits import read_versions
from okrs.forms.contributions import ContributionForm
from okrs.forms.cycles import BoardFilter, CycleForm, TeamForm
from okrs.forms.key_results import AuditForm, KeyResultForm
from okrs.forms.objectives import ObjectiveForm
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
