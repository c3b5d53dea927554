from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from engagements.access import LinkRequest, link_holder
from status.views.status import Reader, status_answer


@require_safe
@link_holder
def shared_status(request: LinkRequest) -> HttpResponse:
    reader = Reader(
        engagement=request.engagement,
        frame="status/shared_frame.html",
        address=request.path,
        report_address="",  # only members see the list of reports
        depends_on=f"share link {request.share_link.pk}",
    )
    return status_answer(request, reader=reader)
