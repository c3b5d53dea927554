from __future__ import annotations

from engagements.edit_forms import difference


def test_it_marks_the_words_that_differ() -> None:
    shown = difference(label="Name", theirs="The first quarter", yours="The second quarter")

    assert shown.theirs == [("The", False), ("first", True), ("quarter", False)]
    assert shown.yours == [("The", False), ("second", True), ("quarter", False)]
