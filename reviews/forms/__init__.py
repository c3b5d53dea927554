from __future__ import annotations

from reviews.forms.actions import ActionForm
from reviews.forms.decisions import DecisionForm, SupersedeForm
from reviews.forms.log import LogFilter

__all__ = ["ActionForm", "DecisionForm", "LogFilter", "SupersedeForm"]
