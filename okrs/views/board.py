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
    board_filter = BoardFilter(request.GET, engagement=request.engagement, current=current)
    cycle = board_filter.chosen()
    columns = queries.board(request.engagement, cycle, today=today)
    page = {
        "columns": columns,
        "headline": board_headline(columns),
        "card_count": sum(len(column.cards) for column in columns),
        "empty": [column.label for column in columns if not column.cards],
        "filter": board_filter,
        "chosen": cycle,
        "tab": "board",
    }
    part = "okrs/board.html" + ("#board" if request.htmx else "")
    return render(request, part, page)
