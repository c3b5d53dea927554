"""An inspection that finds nothing wrong must be able to."""

from __future__ import annotations

import pytest

from tests.browser.conftest import DESK, Opens

PLANTED = {
    "image-alt": "document.querySelector('main').append(new Image())",
    "(?s)in light: .*color-contrast": "document.querySelector('h1').style.color = 'gainsboro'",
    "(?s)in dark: .*color-contrast": "document.querySelector('h1').style.color = 'black'",
    "wide": "document.querySelector('main').style.width = '3000px'",
    "console: alas": "console.error('alas')",
    "script: alas": "setTimeout(() => { throw new Error('alas') })",
    "policy: script-src": "document.head.append(Object.assign(document.createElement('script'),"
    " {textContent: 'alas'}))",
    "404: ": "fetch('/nowhere/')",
    "policy: connect-src": "fetch('http://127.0.0.1:1/').catch(() => null)",
}


@pytest.mark.parametrize("screen", [DESK], ids=str)
@pytest.mark.parametrize(("complaint", "fault"), PLANTED.items(), ids=PLANTED)
def test_an_inspection_finds_what_is_wrong(opens: Opens, complaint: str, fault: str) -> None:
    visitor = opens()
    visitor.visit("/accounts/login/")
    visitor.page.evaluate(f"{{ {fault} }}")
    visitor.page.wait_for_timeout(300)

    with pytest.raises(AssertionError, match=complaint):
        visitor.inspect("faulty")
