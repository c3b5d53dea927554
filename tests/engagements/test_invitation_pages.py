from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import User
from engagements import links
from engagements.commands.invitations import accept_invitation, issue_invitation
from engagements.forms import inviting
from engagements.forms.inviting import MOST, InviteManyForm, name_of, read_lines
from engagements.models import Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.build import PASSWORD
from tests.engagements.conftest import HTMX, saved

ACCOUNT = {"name": "Bob Stone", "password": PASSWORD}
SEVERAL = "/e/northwind/members/invite-several/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation(alice: Membership) -> Invitation:
    bob = build.member(alice.engagement, "Bob", Role.CHAMPION, user=None, email="bob@example.test")
    with scope(alice.engagement_id):
        return issue_invitation(membership=bob, by=alice, now=timezone.now())


@pytest.fixture
def url(invitation: Invitation) -> str:
    return f"/invitations/{links.invitation_token(invitation)}/"


def test_it_says_who_invites_whom_where_and_as_what(client: Client, url: str) -> None:
    text = client.get(url).text

    for words in ("Alice", "bob@example.test", "Northwind SaaS", "champion", 'value="Bob"'):
        assert words in text


def test_accepting_makes_the_account_in_a_new_session(
    client: Client, url: str, invitation: Invitation
) -> None:
    session = client.session
    session["visited"] = "before"
    session.save()
    before = session.session_key

    answer = client.post(url, ACCOUNT)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    bob = saved(invitation.membership)
    assert (bob.name, bob.user) == ("Bob Stone", User.objects.get(email="bob@example.test"))
    assert client.get("/e/northwind/members/").status_code == 200
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize("password", ["", "short", "bob@example.test"])
def test_a_weak_password_is_refused(client: Client, url: str, password: str) -> None:
    answer = client.post(url, {"name": "Bob Stone", "password": password})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["password"])
    assert 'value="Bob Stone"' in answer.text
    assert not User.objects.filter(email="bob@example.test").exists()


def test_who_has_an_account_accepts_by_it(client: Client, url: str, invitation: Invitation) -> None:
    bob = build.user("Bob")
    assert f"/accounts/login/?next={url}" in client.get(url).text
    assert client.post(url, ACCOUNT).status_code == 422
    client.force_login(bob)
    assert "<input" in client.get(url).text

    assert client.post(url)["Location"] == "/"
    assert saved(invitation.membership).user == bob


def test_another_account_stays_outside(client: Client, url: str, invitation: Invitation) -> None:
    client.force_login(build.user("Charlie"))

    for answer in (client.get(url), client.post(url)):
        assert (answer.status_code, answer.context["other"]) == (403, True)
    assert saved(invitation.membership).is_placeholder


@pytest.mark.parametrize("end", ["never sent", "accepted", "expires_at", "revoked_at", "open"])
def test_a_link_that_ended_is_gone_and_none_is_left_to_caches(
    client: Client, url: str, invitation: Invitation, end: str
) -> None:
    match end:
        case "never sent":
            url = "/invitations/never-sent/"
        case "accepted":
            token = links.invitation_token(invitation)
            accept_invitation(token=token, name="Bob", password=PASSWORD, now=timezone.now())
        case "expires_at" | "revoked_at" as field:
            build.change(invitation, **{field: timezone.now()})

    answer = client.get(url)

    status = {"never sent": 404, "open": 200}.get(end, 410)
    assert answer.status_code == status
    assert status == 200 or client.post(url, ACCOUNT).status_code == status
    assert answer["Referrer-Policy"] == "same-origin"
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a@x.test\nb@x.test", [("", "a@x.test"), ("", "b@x.test")]),
        ("a@x.test, b@x.test c@x.test", [("", f"{one}@x.test") for one in "abc"]),
        ("Ana <a@x.test>, Ben Stone <b@x.test>", [("Ana", "a@x.test"), ("Ben Stone", "b@x.test")]),
        ('"Lopez, Ana" <a@x.test>; b@x.test', [("Lopez, Ana", "a@x.test"), ("", "b@x.test")]),
        ("a@x.test, Bob <b@x.test>", [("", "a@x.test"), ("Bob", "b@x.test")]),
        ('"Lopez, Ana" <a@x.test>, b@x.test', [("Lopez, Ana", "a@x.test"), ("", "b@x.test")]),
        ("<a@x.test> <b@x.test>", [("", "a@x.test"), ("", "b@x.test")]),
        ("Ana Lopez <a@x.test> b@x.test", [("Ana Lopez", "a@x.test"), ("", "b@x.test")]),
        ("a@x.test Bob Stone <b@x.test>", [("", "a@x.test"), ("Bob Stone", "b@x.test")]),
        ("Lopez, Ana <a@x.test>", [("Lopez, Ana", "a@x.test")]),
        ("Bob <b@x.test", [("Bob", "<b@x.test")]),
        ('"Bob <b@x.test>', [("Bob", "b@x.test")]),
        ("'Ana' <a@x.test>", [("Ana", "a@x.test")]),
        ('"Ana", "b@x.test"', [("Ana", "b@x.test")]),
        ('"b@x.test" <b@x.test>', [("b@x.test", "b@x.test")]),
        ("Bo Kern, bo@x.test, contributor", [("Bo Kern", "bo@x.test")]),
        ("Bo Kern\tbo@x.test\tProgram lead\r\n", [("Bo Kern", "bo@x.test")]),
        ("Bo Kern; bo@x.test\nAna; a@x.test", [("Bo Kern", "bo@x.test"), ("Ana", "a@x.test")]),
        ("Bo Kern bo@x.test", [("Bo Kern", "bo@x.test")]),
        ("\r\n ;; \n", []),
    ],
)
def test_addresses_are_read_as_people_copy_them(text: str, read: list[tuple[str, str]]) -> None:
    lines = list(read_lines(text))

    assert [person for line in lines for person in line.people] == read
    assert not any(line.strays for line in lines)


@pytest.mark.parametrize(
    ("address", "name"),
    [("ana.lopez@x.test", "Ana Lopez"), ("cfo@x.test", "Cfo"), ("zoë_k@x.test", "Zoë K")],
)
def test_a_name_is_guessed_until_they_say_it(address: str, name: str) -> None:
    assert name_of(address) == name


def errors(people: str, role: str = "contributor") -> list[str]:
    return list(map(str, InviteManyForm({"people": people, "role": role}).errors.get("people", [])))


@pytest.mark.parametrize(
    ("typed", "refusals"),
    [
        ("a@x.test\nnot-an-address", ["Line 2: “not-an-address” is not an email address."]),
        ("Bob <b@x.test", ["Line 1: “<b@x.test” is not an email address."]),
        ("Bob <>", ["Line 1: “Bob <>” is not an email address."]),
        ("a@x.test\n\nBob\n", ["Line 3: “Bob” is not an email address."]),
        ("Bob, b@x.test, boss, 12", ["Line 1: “boss, 12” has no address."]),
        ("Bo Kern, b@x.test, Ana, a@x.test", ["Line 1: “Bo Kern, Ana” has no address."]),
        ("a@x.test, b@, @c", ["Line 1: “b@, @c” is not an email address."]),
        (
            "Name Address Role\nBo Kern, bo@x, contributor\nAna, a@x.test, contributor",
            [
                "Line 1: “Name Address Role” is not an email address.",
                "Line 2: “bo@x” is not an email address.",
            ],
        ),
        (
            "Bo, b@x.test, viewer\nAna, a@x.test, contributor\nCy, c@x.test, Program lead",
            ["Line 1 says Viewer, but the role", "Line 3 says Program lead, but the role"],
        ),
        (",;,", ["Enter at least one address."]),
        (build.LONG_ADDRESS, [f"Line 1: “{build.LONG_ADDRESS[:60]}…” has 255 characters."]),
        (" ".join(f"p{n}@x.test" for n in range(MOST + 1)), [f"{MOST + 1} people are too many."]),
        ("Ana, a@x.test, contributor", []),
    ],
)
def test_nothing_typed_is_passed_over(typed: str, refusals: list[str]) -> None:
    found = errors(typed)

    assert len(found) == len(refusals)
    assert all(text.startswith(start) for text, start in zip(found, refusals, strict=True))


@pytest.mark.parametrize(
    ("text", "more"),
    [("x\n" * 9_999, 9_979), ("a@x.test, contributor\n" * 800, 780), ("<a@x.test>" * 1_999, 0)],
    ids=["no address", "another role", "one address"],
)
def test_a_refusal_names_the_first_lines_and_counts_the_others(text: str, more: int) -> None:
    found = errors(text, Role.CHAMPION)

    assert len(found) <= 21
    assert (f"And {more} more." in found) == (more > 0)


def test_all_are_named_and_mailed(client: Client, lead: Membership) -> None:
    typed = {"people": "Ana Lopez <Ana@x.test>\nben.stone@x.test, ana@x.test", "role": "champion"}

    answer = client.post(SEVERAL, typed)

    assert answer["Location"] == "/e/northwind/members/"
    with scope(lead.engagement_id):
        waiting = Invitation.objects.unanswered().order_by("membership__email")
        people = list(waiting.values_list(*(f"membership__{f}" for f in ("email", "name", "role"))))
    assert people == [
        ("ana@x.test", "Ana Lopez", Role.CHAMPION),
        ("ben.stone@x.test", "Ben Stone", Role.CHAMPION),
    ]


def test_htmx_gets_the_refused_form_and_is_led_on(client: Client, lead: Membership) -> None:
    typed = {"people": f"Ana <{lead.email}>", "role": "viewer"}

    refused = client.post(SEVERAL, typed, headers=HTMX)
    done = client.post(SEVERAL, {**typed, "people": "a@x.test"}, headers=HTMX)

    assert refused.status_code == 422
    assert refused.text.lstrip().startswith("<form")
    assert f"Ana &lt;{lead.email}&gt;" in refused.text
    assert done["HX-Redirect"] == "/e/northwind/members/"


def test_many_addresses_in_one_line_are_read_in_linear_time() -> None:
    def words(count: int) -> int:
        made = 0

        class Counted(inviting.Word):
            def __init__(self, *args: object, **kwargs: object) -> None:
                nonlocal made
                made += 1
                super().__init__(*args, **kwargs)  # type: ignore[arg-type]

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(inviting, "Word", Counted)
            list(read_lines("<a@x.test> " * count))
        return made

    assert words(400) == 2 * words(200)
