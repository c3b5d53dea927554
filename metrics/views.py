from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from engagements.access import MemberRequest, find, member
from engagements.form_views import form_page, redirect_to, run_command
from engagements.permissions import Permission
from metrics import queries
from metrics.commands import archive_metric, create_metric, update_metric
from metrics.forms import MetricForm
from metrics.models import Metric

TAB = {"tab": "metrics"}


@require_safe
@member(Permission.READ)
def metric_list(request: MemberRequest) -> HttpResponse:
    query = request.GET.get("q", "").strip()
    metrics = queries.metric_list(request.engagement, query=query)
    part = "metrics/metric_list.html" + ("#metrics" if request.htmx else "")
    return render(request, part, {"metrics": metrics, "query": query, **TAB})


@require_safe
@member(Permission.READ)
def metric_detail(request: MemberRequest, metric: str) -> HttpResponse:
    row = _metric(request, metric)
    page = {"metric": row, "key_results": queries.key_results_of(row), **TAB}
    return render(request, "metrics/metric_detail.html", page)


@member(Permission.DRAFT)
def metric_create(request: MemberRequest) -> HttpResponse:
    form = MetricForm(request.POST or None, engagement=request.engagement)
    if form.is_valid() and (
        metric := run_command(
            form, create_metric, engagement=request.engagement, by=request.membership
        )
    ):
        return redirect_to(request, "metrics:metric-detail", metric.public_id)
    return form_page(request, "metrics/metric_form.html", form=form, **TAB)


@member(Permission.DRAFT)
def metric_update(request: MemberRequest, metric: str) -> HttpResponse:
    row = _metric(request, metric)
    form = MetricForm(request.POST or None, engagement=request.engagement, row=row)
    if form.is_valid() and run_command(form, update_metric, metric=row, by=request.membership):
        return redirect_to(request, "metrics:metric-detail", row.public_id)
    return form_page(request, "metrics/metric_form.html", form=form, metric=row, **TAB)


@require_POST
@member(Permission.DRAFT)
def metric_archive(request: MemberRequest, metric: str) -> HttpResponse:
    row = _metric(request, metric)
    archive_metric(metric=row, by=request.membership, now=timezone.now())
    return redirect_to(request, "metrics:metric-detail", row.public_id)


def _metric(request: MemberRequest, public_id: str) -> Metric:
    metrics = Metric.objects.filter(engagement=request.engagement)
    return find(metrics.select_related("owner", "steward", "archived_by"), public_id)
