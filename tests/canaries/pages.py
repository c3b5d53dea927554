"""Where an answer leads on: its links, what htmx fetches, and its forms as a browser sends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

Attributes = dict[str, str]
ANY_WORD = "CANARY"  # what is typed into a field that searches


@dataclass
class Form:
    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)  # as the page shows them
    typed: set[str] = field(default_factory=set)  # what a person can blank
    options: list[tuple[str, str]] = field(default_factory=list)  # of its selects

    def blank(self) -> dict[str, str]:
        return {name: "" if name in self.typed else text for name, text in self.values.items()}

    def searches(self) -> Iterator[str]:
        """Addresses of a form that reads: as shown, with each option, with a word in it."""
        yield f"{self.action}?{urlencode(self.values)}"
        for name, value in self.options:
            yield f"{self.action}?{urlencode({name: value})}"
        for name in sorted(self.typed):
            yield f"{self.action}?{urlencode({name: ANY_WORD})}"


@dataclass
class Ways:
    """Paths of this site, forms that write."""

    pages: list[str] = field(default_factory=list)
    fragments: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)


def ways_of(html: str, *, at: str) -> Ways:
    reader = _Reader(at)
    reader.feed(html)
    reader.close()
    return reader.ways


class _Reader(HTMLParser):
    def __init__(self, at: str) -> None:
        super().__init__()
        self.at, self.ways = at, Ways()
        self.form: Form | None = None
        self.text_of = ""  # the textarea that is open
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: Attributes = {name: value or "" for name, value in attrs}
        for name, found in (("href", self.ways.pages), ("hx-get", self.ways.fragments)):
            if name in given and tag != "link" and (path := self._path(given[name])):
                found.append(path)
        if tag == "form":
            self._open(given)
        elif "hx-post" in given and (path := self._path(given["hx-post"])):
            self.ways.forms.append(Form(path, "post"))
        elif self.form is not None and (tag == "option" or given.get("name")):
            self._fill(self.form, tag, given)

    def handle_data(self, data: str) -> None:
        if self.form is not None and self.text_of:
            self.form.values[self.text_of] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.text_of = ""
        elif tag == "select":
            self.select = ""
        elif tag == "form" and self.form is not None:
            if self.form.method == "get":
                self.ways.pages += self.form.searches()
            else:
                self.ways.forms.append(self.form)
            self.form = None

    def _open(self, given: Attributes) -> None:
        path, method = self._path(given.get("action", "")), given.get("method", "get").lower()
        self.form = Form(path, method) if path and method in ("get", "post") else None

    def _fill(self, form: Form, tag: str, given: Attributes) -> None:
        name = given.get("name", "")
        if tag == "textarea":
            self.text_of = name
            form.values[name] = ""
            form.typed.add(name)
        elif tag == "select":
            self.select = name
        elif tag == "option":
            form.options.append((self.select, given.get("value", "")))
            if "selected" in given:
                form.values[self.select] = given.get("value", "")
        elif tag == "input":
            _input(form, name, given)

    def _path(self, address: str) -> str:
        """Without what stands behind "#"; empty where it leads elsewhere."""
        if address.startswith("#"):
            return ""
        parts = urlsplit(urljoin(self.at, address))
        if parts.scheme or parts.netloc or parts.path.startswith("/static/"):
            return ""
        return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _input(form: Form, name: str, given: Attributes) -> None:
    kind = given.get("type", "text")
    if kind in ("checkbox", "radio") and "checked" not in given:
        return
    form.values[name] = given.get("value", "")
    if kind not in ("hidden", "checkbox", "radio", "submit"):
        form.typed.add(name)
