from __future__ import annotations

from tempfile import TemporaryFile

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import limits
from accounts.limits import too_often
from engagements.access import MemberRequest, member
from engagements.permissions import Permission
from workspace.exports import export_engagement, export_name


@require_safe
@member(Permission.MANAGE_SETTINGS)
def engagement_export(request: MemberRequest) -> HttpResponse:
    """Send the whole file at once: a stream would read outside the tenant scope."""
    if limits.is_exceeded(limits.EXPORTS, request.user.pk):
        return too_often(request, limits.EXPORTS)
    now = timezone.now()
    name = export_name(request.engagement, now=now)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    with TemporaryFile() as file:
        export_engagement(request.engagement, to=file, now=now)
        file.seek(0)
        return HttpResponse(file.read(), content_type="application/zip", headers=headers)
