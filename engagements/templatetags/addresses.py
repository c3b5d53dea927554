"""`{% url %}` as in Django, but each address is resolved once.

A page has dozens of links, most of them on every page. Resolving each again took a tenth of the
time of a page.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as parse
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.html import conditional_escape

register = template.Library()


@lru_cache(maxsize=8192, typed=True)
def address(view: str, *args: Any, prefix: str) -> str:
    """Return the path of the view on a site at `prefix`; raises NoReverseMatch."""
    return reverse(view, args=args)


class AddressNode(URLNode):
    def render(self, context: Context) -> str:
        if self.kwargs:
            return super().render(context)
        try:
            args = [arg.resolve(context) for arg in self.args]
            view, prefix = self.view_name.resolve(context), get_script_prefix()
            found = address(view, *args, prefix=prefix)
        except NoReverseMatch:
            if self.asvar is None:
                raise
            found = ""
        if self.asvar is None:
            return conditional_escape(found) if context.autoescape else found
        context[self.asvar] = found
        return ""


@register.tag
def url(parser: Parser, token: Token) -> AddressNode:
    """`{% url "okrs:board" slug %}`, `{% url "okrs:board" slug as board %}`."""
    node: Any = parse(parser, token)
    return AddressNode(node.view_name, node.args, node.kwargs, node.asvar)
