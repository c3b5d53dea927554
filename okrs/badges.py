"""The small parts of cards as HTML, from `templates/components/`.

A page shows each of them dozens of times, and few ever differ: what was rendered is kept for what
it shows. By type too, since a text that is escaped already equals one that is not.
"""

from __future__ import annotations

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from scoring import Rag

# Where a page's stylesheet does not reach, in mail and in print to PDF, shapes keep a colour.
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
    """The shape of a band alone; words must stand in reach."""
    band = Rag(rag)
    return render_to_string("components/shape.html", {"rag": band, "colour": LIGHT_COLOURS[band]})


@lru_cache(maxsize=1024, typed=True)
def standing(rag: str, score: str) -> SafeString:
    """Shape, word and the written score."""
    return render_to_string("components/rag.html", {"rag": Rag(rag), "score": score})


@lru_cache(typed=True)
def stage(stage: str) -> SafeString:
    """The stage of M9 in its thin box."""
    label = stage.replace("_", " ").capitalize()
    return render_to_string("components/stage.html", {"stage": stage, "label": label})


@lru_cache
def confidence(confidence: int | None) -> SafeString:
    """Five bars and the words; confidence is never a RAG colour (M5.8)."""
    bars = [(index * 6, index < (confidence or 0)) for index in range(5)]
    found = {"confidence": confidence, "bars": bars}
    return render_to_string("components/confidence.html", found)


@lru_cache(maxsize=4096, typed=True)
def track(*, rag: str, bar: str, gaps: str, pace: str, sentence: str) -> SafeString:
    """A score on its bed, with its pace; `sentence` says the same in words."""
    drawn = {"bar": bar, "gaps": gaps, "pace": pace}
    found = {"track": drawn, "rag": rag, "colour": LIGHT_COLOURS[Rag(rag)], "sentence": sentence}
    return render_to_string("components/track.html", found)


def spark(*, trace: str, dots: str, goal: str, sentence: str) -> SafeString:
    """The line of a key result's values; hardly two are alike, so it has no template."""
    parts = ((GOAL, goal), (TRACE, trace), (DOTS, dots))
    # Coordinates of `okrs.sparklines`, and those of published pages are made of them too.
    drawn = "".join(format_html(path, data) for path, data in parts if data)
    return format_html(SPARK, sentence, mark_safe(drawn))  # noqa: S308 - made two lines above
