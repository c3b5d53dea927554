from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from engagements.access import member
from engagements.http import MemberRequest
from engagements.permissions import Permission
from okrs import queries
from okrs.forms import BoardFilter
from okrs.headlines import board_headline


@require_safe
@member(Permission.READ)
def board(request: MemberRequest) -> HttpResponse:
    today = request.engagement.local(timezone.now()).date()
    current = queries.current_cycle(request.engagement, today=today)
    asked = BoardFilter(request.GET, engagement=request.engagement, current=current)
    columns = queries.board(request.engagement, asked.chosen(), today=today)
    page = {
        "columns": columns,
        "headline": board_headline(columns),
        "held": sum(len(column.cards) for column in columns),
        "empty": [column.label for column in columns if not column.cards],
        "filter": asked,
        "chosen": asked.chosen(),
        "tab": "board",
    }
    part = "okrs/board.html" + ("#board" if request.htmx else "")
    return render(request, part, page)
