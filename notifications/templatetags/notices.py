"""Filters of mails: words of people on one line, shapes as characters, since mail has no images."""

from __future__ import annotations

import textwrap

from django import template

from mail.email_types import one_line
from scoring import Rag

register = template.Library()

SHAPES = {Rag.RED: "■", Rag.AMBER: "▲", Rag.GREEN: "●", Rag.STRETCH: "★", Rag.NO_DATA: "◌"}
# Each is text on the paper of the mail: 4.5:1 at least.
COLOURS = {
    Rag.RED: "#c4261d",
    Rag.AMBER: "#9a5f00",
    Rag.GREEN: "#1c8044",
    Rag.STRETCH: "#7040c8",
    Rag.NO_DATA: "#63676d",
}
WIDTH = 76

register.filter("one_line", one_line)


@register.filter
def mail_shape(rag: Rag) -> str:
    return SHAPES[rag]


@register.filter
def mail_colour(rag: Rag) -> str:
    return COLOURS[rag]


@register.filter
def folded(text: str, indented: int = 0) -> str:
    """Wrap a paragraph of the text part, indented by this many characters."""
    indent = " " * indented
    line = one_line(text)
    return textwrap.fill(
        line,
        width=WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
