from __future__ import annotations

from django import template

from checkins import lines

register = template.Library()

register.filter("due_line", lines.due_line)
