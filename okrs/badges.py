"""Small parts of cards as HTML, from `templates/components/`, cached by their arguments.

A page shows each of them dozens of times. The caches are typed because a SafeString equals a str.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.html import format_html, strip_spaces_between_tags
from django.utils.safestring import SafeString, mark_safe

from scoring import Rag

# Colours for emails and PDFs, which have no stylesheet.
LIGHT_COLOURS = {
    Rag.RED: "#c4261d",
    Rag.AMBER: "#b87200",
    Rag.GREEN: "#1c8044",
    Rag.STRETCH: "#7040c8",
    Rag.NO_DATA: "#74787e",
}
SPARK = (
    '<svg class="spark" viewBox="0 0 120 40" preserveAspectRatio="none" role="img"'
    ' aria-label="{}">{}</svg>'
)
GOAL = '<path class="goal" fill="none" stroke="#858175" stroke-dasharray="3 3" d="{}"/>'
TRACE = '<path class="trace" fill="none" stroke="#17191c" stroke-width="1.75" d="{}"/>'
DOTS = '<path class="dot" stroke="#17191c" stroke-width="5" stroke-linecap="round" d="{}"/>'


@lru_cache(typed=True)
def shape(rag: str) -> SafeString:
    """Render the shape of a band, for use next to a text."""
    band = Rag(rag)
    return _render("components/shape.html", {"rag": band, "colour": LIGHT_COLOURS[band]})


@lru_cache(maxsize=1024, typed=True)
def standing(rag: str, score: str) -> SafeString:
    """Render shape, name and score of a band."""
    return _render("components/rag.html", {"rag": Rag(rag), "score": score})


@lru_cache(typed=True)
def stage(stage: str) -> SafeString:
    """Render a stage (M9)."""
    label = stage.replace("_", " ").capitalize()
    return _render("components/stage.html", {"stage": stage, "label": label})


@lru_cache
def confidence(confidence: int | None) -> SafeString:
    """Render five bars with a text; confidence never has a RAG colour (M5.8)."""
    bars = [(index * 6, index < (confidence or 0)) for index in range(5)]
    context = {"confidence": confidence, "bars": bars}
    return _render("components/confidence.html", context)


@lru_cache(maxsize=4096, typed=True)
def track(*, rag: str, bar: str, gaps: str, pace: str, sentence: str) -> SafeString:
    """Render a score with its pace; `sentence` describes it."""
    drawn = {"bar": bar, "gaps": gaps, "pace": pace}
    context = {"track": drawn, "rag": rag, "colour": LIGHT_COLOURS[Rag(rag)], "sentence": sentence}
    return _render("components/track.html", context)


def spark(*, trace: str, dots: str, goal: str, sentence: str) -> SafeString:
    """Render a sparkline; without template and cache, as hardly two are alike."""
    parts = ((GOAL, goal), (TRACE, trace), (DOTS, dots))
    # The paths come from `okrs.charts`, in published pages too.
    drawn = "".join(format_html(path, data) for path, data in parts if data)
    return format_html(SPARK, sentence, mark_safe(drawn))  # noqa: S308 - escaped two lines above


def _render(template: str, context: dict[str, Any]) -> SafeString:
    """Render a template without the white space that only its source needs."""
    html = strip_spaces_between_tags(render_to_string(template, context).strip())
    return mark_safe(html)  # noqa: S308 - a template's output
