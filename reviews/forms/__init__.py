from __future__ import annotations

from reviews.forms.actions import ActionForm
from reviews.forms.decisions import DecisionForm

__all__ = ["ActionForm", "DecisionForm"]
