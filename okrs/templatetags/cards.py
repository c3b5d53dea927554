"""Tags and filters for cards: RAG, stage, confidence, pace, drawings, values and days.

A page shows dozens of the same small parts, so each is cached by its arguments. The caches are typed
because a SafeString equals a str.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, strip_spaces_between_tags
from django.utils.safestring import SafeString, mark_safe

from engagements.places import zone_time
from okrs import formatting
from okrs.charts import History
from okrs.charts import history_chart as draw_history
from okrs.charts import sparkline as draw_sparkline
from okrs.charts import track as draw_track
from okrs.models import Forecast, KeyResult
from okrs.weeks import weeks_red
from scoring import PLAYBOOK_BANDS, Rag, Scale, format_score, format_unit
from scoring import rag as band_of

register = template.Library()
# Colours for emails and PDFs, which have no stylesheet.
LIGHT_COLOURS = {
    Rag.RED: "#c4261d",
    Rag.AMBER: "#b87200",
    Rag.GREEN: "#1c8044",
    Rag.STRETCH: "#7040c8",
    Rag.NO_DATA: "#74787e",
}
FORECAST_COLOURS = {
    Forecast.ON_PACE: "#1f45d0",
    Forecast.BEHIND: "#17191c",
    Forecast.NO_RECENT_UPDATE: "#74787e",
    Forecast.NOT_MEASURED: "#74787e",
}
SPARK = (
    '<svg class="spark" viewBox="0 0 120 40" preserveAspectRatio="none" role="img"'
    ' aria-label="{}">{}</svg>'
)
GOAL = '<path class="goal" fill="none" stroke="#858175" stroke-dasharray="3 3" d="{}"/>'
TRACE = '<path class="trace" fill="none" stroke="#17191c" stroke-width="1.75" d="{}"/>'
DOTS = '<path class="dot" stroke="#17191c" stroke-width="5" stroke-linecap="round" d="{}"/>'


def _scale(context: Context, scale: str) -> str:
    """Return the given scale, else that of the page's engagement (M5.7)."""
    return scale or getattr(context.get("engagement"), "scale", "") or Scale.UNIT


@register.simple_tag
@lru_cache(typed=True)
def shape(rag: str | None) -> SafeString:
    """Render the shape of a band, for use next to a text."""
    band = Rag(rag or Rag.NO_DATA)
    return _render("components/shape.html", {"rag": band, "colour": LIGHT_COLOURS[band]})


@register.simple_tag(takes_context=True)
def rag(
    context: Context, rag: str | None, score: Decimal | None = None, scale: str = ""
) -> SafeString:
    """Render shape, name and score: `{% rag key_result.rag key_result.score %}`."""
    written = "" if score is None else format_score(score, scale=_scale(context, scale))
    return _standing(rag or Rag.NO_DATA, written)


@register.simple_tag
@lru_cache(typed=True)
def forecast(forecast: str, *, early: bool = False, label: str | None = None) -> SafeString:
    """Render the forecast, which leads each row (M12); with an empty `label` its shape alone."""
    words = formatting.EARLY if early else Forecast(forecast).label
    context = {"forecast": Forecast(forecast), "colour": FORECAST_COLOURS[Forecast(forecast)]}
    return _render(
        "components/forecast.html", {**context, "label": words if label is None else label}
    )


@register.simple_tag(takes_context=True)
def forecast_today(context: Context, key_result: KeyResult) -> SafeString:
    engagement = context.get("engagement") or key_result.engagement
    return forecast(key_result.forecast_on(engagement.today(timezone.now())))


@register.simple_tag(takes_context=True)
def so_far(context: Context, rag: str, score: Decimal | str, scale: str = "") -> SafeString:
    """Render shape, score and band during a cycle: "0.14 so far (Red)"."""
    if not isinstance(score, str):
        score = format_score(score, scale=_scale(context, scale))
    return _so_far(rag, score)


@register.simple_tag
@lru_cache(typed=True)
def stage(stage: str) -> SafeString:
    label = stage.replace("_", " ").capitalize()
    return _render("components/stage.html", {"stage": stage, "label": label})


@register.simple_tag
@lru_cache
def confidence(confidence: int | None) -> SafeString:
    """Render five bars with a text; confidence never has a RAG colour (M5.8)."""
    bars = [(index * 6, index < (confidence or 0)) for index in range(5)]
    return _render("components/confidence.html", {"confidence": confidence, "bars": bars})


@register.simple_tag(takes_context=True)
def track(
    context: Context,
    score: Decimal | None,
    pace: Decimal | None = None,
    bands: Iterable[Decimal] | None = None,
    scale: str = "",
) -> SafeString:
    """Render score and pace on the given bands, else those of the page's engagement."""
    own = getattr(context.get("engagement"), "rag_bands", PLAYBOOK_BANDS)
    lower = tuple(own if bands is None else bands)
    band = band_of(score, lower)
    sentence = formatting.describe_track(
        score=score, rag=band, pace=pace, scale=_scale(context, scale)
    )
    return _track(rag=band, sentence=sentence, **draw_track(score=score, pace=pace, bands=lower))


@register.simple_tag
def drawn_track(standing: Mapping[str, Any]) -> SafeString:
    """Render a track that a status page has stored."""
    return _track(rag=standing["rag"], sentence=standing["sentence"], **standing["track"])


@register.simple_tag
def sparkline(
    values: Sequence[Decimal | None],
    *,
    title: str,
    unit: str = "",
    goal: Decimal | None = None,
    periods: int = 0,
) -> SafeString:
    """Render one value per period, oldest first, None for periods without a value."""
    sentence = formatting.describe_trend(values, title=title, unit=unit, goal=goal)
    return _spark(sentence=sentence, **draw_sparkline(values, goal=goal, periods=periods))


@register.simple_tag
def drawn_spark(spark: Mapping[str, str], sentence: str) -> SafeString:
    """Render a sparkline that a status page has stored."""
    return _spark(sentence=sentence, **spark)


@register.inclusion_tag("components/history_chart.html")
def history_chart(history: History, *, title: str, unit: str = "") -> dict[str, Any]:
    """Render the chart of a key result over its cycle, with a legend."""
    sentence = formatting.describe_history(history, title=title, unit=unit)
    return {"chart": draw_history(history), "history": history, "sentence": sentence}


@register.filter
def score(value: Decimal | None, scale: str = Scale.UNIT) -> str:
    """`{{ key_result.score|score:engagement.scale }}`: "0.60", "60", "–" for none (M5.7)."""
    return format_score(value, scale=scale)


@register.filter
def number(value: Decimal | None, unit: str | None = "") -> str:
    """`{{ value|number:metric.unit }}`: "1,420", "Yes" for a yes/no; nothing for none."""
    if value is None:
        return ""
    written = formatting.write_figure(value, unit=unit or "")
    return written.capitalize() if unit == formatting.YES_NO else written


@register.filter
def sign(unit: str | None) -> str:
    """`{{ metric.unit|sign }}`: "%", "days"; nothing for a yes/no."""
    return formatting.write_unit(unit or "")


@register.filter
def unit_after(unit: str | None) -> str:
    """`{{ value|number }}{{ unit|unit_after }}`: the same as it follows a value."""
    return format_unit(formatting.write_unit(unit or ""))


@register.filter
def value_with_unit(value: Decimal | None, unit: str = "") -> str:
    """`{{ value|value_with_unit:metric.unit }}`: "54.5%", "1.6 days", "not measured yet"."""
    return formatting.write_value(value, unit=unit)


@register.filter
def day(on: dt.date | None) -> str:
    """`{{ due_on|day }}`: "Mon 16 Mar", with the year if it is another one."""
    return "" if on is None else formatting.write_day(_date(on), today=timezone.localdate())


@register.filter
def short_day(on: dt.date | None) -> str:
    """`{{ due_on|short_day }}`: "16 Mar"."""
    if on is None:
        return ""
    return formatting.write_day(_date(on), today=timezone.localdate(), weekday=False)


@register.filter
def due_day(on: dt.date | None, today: dt.date | None = None) -> str:
    """`{{ next_action_due|due_day }}`: "by 16 Mar", "overdue since 3 Mar"."""
    return (
        ""
        if on is None
        else formatting.write_due_day(_date(on), today=today or timezone.localdate())
    )


@register.filter
def moment(at: dt.datetime | None) -> str:
    """`{{ due_at|moment }}`: "Mon 16 Mar 10:00" on the active zone's clock."""
    return "" if at is None else f"{day(at)}{formatting.NO_BREAK}{timezone.localtime(at):%H:%M}"


@register.filter
def in_days(on: dt.date | None, today: dt.date | None = None) -> str:
    """`{{ due_on|in_days }}`: "in 6 days", "today", "3 days ago"."""
    if on is None:
        return ""
    return formatting.write_distance(_date(on), today=today or timezone.localdate())


@register.filter
def and_in_days(on: dt.date, today: dt.date) -> str:
    """`{{ due_on|and_in_days:today }}`: ", in 6 days"; nothing if the reader has another date."""
    return f", {in_days(on, today)}" if today == timezone.localdate() else ""


@register.simple_tag(takes_context=True)
def weeks_of_red(context: Context, key_result: KeyResult, ends_on: dt.date | None = None) -> int:
    """Count the red weeks in a row until the end of the cycle, given or read with the objective."""
    engagement = context.get("engagement") or key_result.engagement
    return weeks_red(
        red_since=key_result.red_since,
        last_week=key_result.last_week,
        today=engagement.today(timezone.now()),
        ends_on=ends_on or key_result.objective.cycle.ends_on,
    )


register.filter("in_words", formatting.in_words)
register.filter("red_for", formatting.red_for)
register.filter("zone_time", zone_time)


@register.filter
def reason_for(reasons: dict[str, str], code: str) -> str:
    """`{{ objective.reasons|reason_for:finding.code }}`: the reason to overrule a check (M3.1)."""
    return reasons.get(code, "")


def _date(on: dt.date) -> dt.date:
    return timezone.localtime(on).date() if isinstance(on, dt.datetime) else on


@lru_cache(maxsize=1024, typed=True)
def _standing(rag: str, score: str) -> SafeString:
    return _render("components/rag.html", {"rag": Rag(rag), "score": score})


@lru_cache(maxsize=1024, typed=True)
def _so_far(rag: str, score: str) -> SafeString:
    return _render("components/so_far.html", {"rag": Rag(rag), "score": score})


@lru_cache(maxsize=4096, typed=True)
def _track(*, rag: str, bar: str, gaps: str, pace: str, sentence: str) -> SafeString:
    drawn = {"bar": bar, "gaps": gaps, "pace": pace}
    context = {"track": drawn, "rag": rag, "colour": LIGHT_COLOURS[Rag(rag)], "sentence": sentence}
    return _render("components/track.html", context)


def _spark(*, trace: str, dots: str, goal: str, sentence: str) -> SafeString:
    """Render a sparkline; without template and cache, as hardly two are alike."""
    parts = ((GOAL, goal), (TRACE, trace), (DOTS, dots))
    # The paths come from `okrs.charts`, in published pages too.
    drawn = "".join(format_html(path, data) for path, data in parts if data)
    return format_html(SPARK, sentence, mark_safe(drawn))  # noqa: S308 - escaped two lines above


def _render(template: str, context: dict[str, Any]) -> SafeString:
    """Render a template without the white space that only its source needs."""
    html = strip_spaces_between_tags(render_to_string(template, context).strip())
    return mark_safe(html)  # noqa: S308 - a template's output
