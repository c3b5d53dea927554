"""The locales of clients: the one of a country, and how figures are written in it."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal, get_decimal_symbol

from scoring import exactly

LOCALES = (
    *("ar_AE", "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "en_GB", "en_IN", "en_US", "en_ZA"),
    *("es_ES", "es_MX", "fi_FI", "fr_CA", "fr_CH", "fr_FR", "it_IT", "ja_JP", "nb_NO", "nl_NL"),
    *("pl_PL", "pt_BR", "pt_PT", "sv_SE", "tr_TR", "zh_Hans_CN"),
)
NARROW_SPACE = "\u202f"
DEFAULT_LOCALE = "en_US"  # of countries that babel does not know


def figure_text(value: Decimal, *, locale: str) -> str:
    """Write a value for a field, in the locale and ungrouped, so that it reads as this value only.

    1.125 has one place more, because three digits after the sign could be thousands.
    """
    with exactly():
        whole, _, places = f"{value.normalize() + 0:f}".partition(".")
    if len(places) == 3 and re.fullmatch("-?[1-9][0-9]{0,2}", whole):
        places += "0"
    return f"{whole}{decimal_sign_of(locale)}{places}" if places else whole


def clear_figure(value: Decimal, *, locale: str) -> str:
    """Write a value as `figure_text` does, grouped by spaces from five digits on."""
    whole, sign, places = figure_text(value, locale=locale).partition(decimal_sign_of(locale))
    if len(whole.lstrip("-")) > 4:
        whole = f"{int(whole):,}".replace(",", NARROW_SPACE)
    return f"{whole}{sign}{places}"


def plain_figure(value: Decimal) -> str:
    """Write a value for a button or a hidden field, which every locale reads alike."""
    return figure_text(value, locale=DEFAULT_LOCALE)


@cache
def decimal_sign_of(locale: str) -> str:
    """Return the locale's decimal sign, point or comma."""
    return "," if get_decimal_symbol(locale) == "," else "."


@cache
def date_order_of(locale: str) -> str:
    """Return which of the two the locale writes first in a short date: "day" or "month"."""
    pattern = str(Locale.parse(locale).date_formats["short"]).lower()
    return "month" if pattern.startswith("m") else "day"


@cache
def default_locale(country: str) -> str:
    """Return the locale of the language that most people in a country speak."""
    try:
        return str(Locale.parse(f"und_{country}"))
    except (UnknownLocaleError, ValueError):
        return DEFAULT_LOCALE


def locale_choices(*, country: str) -> list[tuple[str, str]]:
    """Return the country's own locale, as "", and common ones, each with a number as it writes them."""
    names = {name: Locale.parse(name).get_display_name("en") for name in LOCALES}
    named = [(name, f"{label}: {_sample(name)}") for name, label in names.items()]
    default = f"As in the country: {_sample(default_locale(country))}"
    return [("", default), *sorted(named, key=lambda choice: choice[1])]


def _sample(locale: str) -> str:
    return format_decimal(Decimal("1234567.8"), locale=locale)
