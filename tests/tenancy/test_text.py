"""One name however it is typed, and the characters that no text is stored with."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from tenancy.text import address_key, clean_text, comparable, one_line

SAME_NAMES = [
    pytest.param("Izmir", "İzmir", id="dotted-capital-i"),
    pytest.param("izmir", "I\u0307zmir", id="dotted-capital-i-in-two-characters"),
    pytest.param("Café", "Cafe\u0301", id="composed-and-decomposed"),
    pytest.param("Café", "CAFE\u0301", id="decomposed-capitals"),
    pytest.param("Churn rate", "Churn\u200b rate", id="zero-width-space"),
    pytest.param("Churn rate", "Churn ra\u00adte", id="soft-hyphen"),
    pytest.param("Churn rate", "Churn\u00a0rate", id="no-break-space"),
    pytest.param("Churn rate", "\ufeffChurn\u202frate\u2060", id="byte-order-mark"),
    pytest.param("Churn rate", "Churn \u3000 rate", id="wide-space"),
    pytest.param("Churn rate", "\u202eChurn\u200d rate\u2069", id="joiner-and-direction-marks"),
    pytest.param("Churn rate", "ＣＨＵＲＮ　rate", id="full-width"),
    pytest.param("Straße", "STRASSE", id="sharp-s"),
    pytest.param("efficient", "eﬃcient", id="ligature"),
    pytest.param("Σίσυφος", "ΣΊΣΥΦΟΣ", id="final-sigma"),
    pytest.param("❤️ users", "❤ users", id="emoji-in-two-forms"),
]


@pytest.mark.parametrize(("name", "other"), SAME_NAMES)
def test_a_name_is_the_same_however_it_is_typed(name: str, other: str) -> None:
    assert comparable(name) == comparable(other)


@pytest.mark.parametrize(
    ("name", "other"),
    [("Cafe", "Café"), ("z", "ż"), ("Q1", "Q2"), ("10", "1 0"), ("B2B", "B2C"), ("ı", "i")],
)
def test_names_with_other_letters_are_two(name: str, other: str) -> None:
    assert comparable(name) != comparable(other)


@pytest.mark.slow
def test_the_key_of_a_key_is_the_key_and_cleaning_does_not_change_it() -> None:
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        kind = unicodedata.category(letter)
        if kind in ("Cs", "Cn", "Co") or (kind == "Lo" and not unicodedata.decomposition(letter)):
            continue
        for text in (letter, f"a{letter}", f"i{letter}\u0301 {letter}b"):
            key = comparable(text)
            assert comparable(key) == comparable(clean_text(text)) == key, hex(code)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        pytest.param("Ana\u200b Lo\u00adpez\ufeff", "Ana Lopez", id="invisible"),
        pytest.param("Ca\u200dfé", "Café", id="joiner-between-latin-letters"),
        pytest.param("می\u200cخواهم", "می\u200cخواهم", id="joiner-that-persian-needs"),
        pytest.param("क्\u200dष", "क्\u200dष", id="joiner-that-hindi-needs"),
        pytest.param("👩\u200d👧 ❤\ufe0f", "👩\u200d👧 ❤\ufe0f", id="emoji-of-several"),
        pytest.param("🏴\U000e0067\U000e007f", "🏴\U000e0067\U000e007f", id="flag-of-tags"),
        pytest.param("hidden\U000e0041\U000e0042", "hidden", id="tags-after-letters"),
        pytest.param("one\ntwo\tthree", "one\ntwo\tthree", id="lines-and-tabs"),
        pytest.param("\u200b\u3164 \u2800\ufe0f", "", id="nothing-to-see"),
    ],
)
def test_text_is_stored_without_invisible_characters(typed: str, stored: str) -> None:
    assert clean_text(typed) == stored


def test_a_name_is_one_line_and_an_address_has_no_spaces() -> None:
    assert one_line(" North\u00a0\u200b\n wind ") == "North wind"
    assert address_key(" Ana\u200b@\u00a0Example.test\u00a0") == "ana@example.test"
