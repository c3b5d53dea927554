from __future__ import annotations

import html

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from engagements import links
from engagements.commands.invitations import accept_invitation, issue_invitation, send_invitation
from engagements.forms import inviting
from engagements.forms.inviting import MOST, name_of, read_lines
from engagements.models import Engagement, Invitation, Membership, Role
from tenancy.scoping import scope
from tests import build
from tests.build import PASSWORD

ACCOUNT = {"name": "Bob Stone", "password": PASSWORD}
pytestmark = pytest.mark.django_db


@pytest.fixture
def invitation(db: None) -> Invitation:
    engagement = build.engagement()
    alice = build.member(engagement, "Alice")
    with scope(engagement.id):
        bob = build.member(engagement, "Bob", Role.CHAMPION, user=None, email="bob@example.test")
        return issue_invitation(membership=bob, by=alice)


@pytest.fixture
def url(invitation: Invitation) -> str:
    return f"/invitations/{links.invitation_token(invitation)}/"


def joined(invitation: Invitation) -> Membership:
    with scope(invitation.engagement_id):
        return Membership.objects.select_related("user").get(pk=invitation.membership_id)


def test_it_says_who_invites_whom_where_and_as_what(client: Client, url: str) -> None:
    text = client.get(url).text

    for words in ("Alice", "bob@example.test", "Northwind SaaS", "champion", 'value="Bob"'):
        assert words in text


def test_looking_writes_nothing(client: Client, url: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        client.get(url)

    verbs = {query["sql"].split()[0] for query in captured}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE", "BEGIN"}


def test_accepting_makes_the_account_and_signs_in(
    client: Client, url: str, invitation: Invitation
) -> None:
    answer = client.post(url, ACCOUNT)

    assert (answer.status_code, answer["Location"]) == (302, "/")
    bob = joined(invitation)
    assert (bob.name, bob.user) == ("Bob Stone", User.objects.get(email="bob@example.test"))
    assert client.get("/e/northwind/members/").status_code == 200


@pytest.mark.parametrize("password", ["", "short", "bob@example.test"])
def test_a_weak_password_is_refused_and_the_name_stays(
    client: Client, url: str, password: str
) -> None:
    answer = client.post(url, {"name": "Bob Stone", "password": password})

    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["password"])
    for words, shown in (("Bob Stone", True), ("Not joined yet.", True), ("Not saved yet.", False)):
        assert (words in answer.text) is shown
    assert not User.objects.filter(email="bob@example.test").exists()


def test_somebody_with_an_account_signs_in_to_accept(client: Client, url: str) -> None:
    build.user("Bob")

    text = client.get(url).text

    assert f"/accounts/login/?next={url}" in text
    assert client.post(url, ACCOUNT).status_code == 422


def test_an_account_is_attached_by_one_button(
    client: Client, url: str, invitation: Invitation
) -> None:
    bob = build.user("Bob")
    client.force_login(bob)
    assert "<input" in client.get(url).text

    assert client.post(url)["Location"] == "/"
    assert joined(invitation).user == bob


def test_another_account_is_told_so_and_stays_outside(
    client: Client, url: str, invitation: Invitation
) -> None:
    client.force_login(build.user("Charlie"))

    for answer in (client.get(url), client.post(url)):
        assert answer.status_code == 403
        assert "for another email address" in answer.text
    assert joined(invitation).is_placeholder


@pytest.mark.parametrize("end", ["never sent", "accepted", "expires_at", "revoked_at"])
def test_a_link_that_no_longer_works_is_gone(
    client: Client, url: str, invitation: Invitation, end: str
) -> None:
    match end:
        case "never sent":
            url = "/invitations/never-sent/"
        case "accepted":
            token = links.invitation_token(invitation)
            accept_invitation(token=token, name="Bob", password=PASSWORD)
        case field:
            with scope(invitation.engagement_id):
                Invitation.objects.update(**{field: timezone.now()})

    for answer in (client.get(url), client.post(url, ACCOUNT)):
        assert answer.status_code == (404 if end == "never sent" else 410)
        assert "no longer works" in answer.text


def test_the_page_is_kept_out_of_referrers_caches_and_indexes(client: Client, url: str) -> None:
    for answer in (client.get(url), client.get("/invitations/never-sent/")):
        assert answer["Referrer-Policy"] == "same-origin"
        assert "noindex" in answer["X-Robots-Tag"]
        assert answer["Cache-Control"] == "no-store"


def test_the_session_is_a_new_one(client: Client, url: str) -> None:
    session = client.session
    session["visited"] = "before"
    session.save()
    before = session.session_key
    client.cookies["__Host-session"] = before or ""

    client.post(url, ACCOUNT)

    assert client.cookies["__Host-session"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def invite_url(engagement: Engagement, name: str = "member-invite-many") -> str:
    return reverse(f"engagements:{name}", args=[engagement.slug])


def invited(engagement: Engagement) -> list[str]:
    """Whose link waits for them."""
    with scope(engagement.id):
        links = Invitation.objects.filter(engagement=engagement).unanswered()
        return sorted(links.values_list("membership__email", flat=True))


def people(engagement: Engagement) -> dict[str, tuple[str, str]]:
    with scope(engagement.id):
        rows = Membership.objects.filter(engagement=engagement, user=None)
        return {row.email: (row.name, row.role) for row in rows}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a@x.test\nb@x.test", [("", "a@x.test"), ("", "b@x.test")]),
        ("a@x.test, b@x.test c@x.test", [("", f"{one}@x.test") for one in "abc"]),
        ("Ana <a@x.test>, Ben Stone <b@x.test>", [("Ana", "a@x.test"), ("Ben Stone", "b@x.test")]),
        ('"Lopez, Ana" <a@x.test>; b@x.test', [("Lopez, Ana", "a@x.test"), ("", "b@x.test")]),
        (
            "a@x.test, Bob <b@x.test>, c@x.test",
            [("", "a@x.test"), ("Bob", "b@x.test"), ("", "c@x.test")],
        ),
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


def test_all_are_named_and_mailed(client: Client, lead: Membership) -> None:
    typed = {"people": "Ana Lopez <Ana@x.test>\nben.stone@x.test, ana@x.test", "role": "champion"}

    answer = client.post(invite_url(lead.engagement), typed)

    assert answer["Location"] == reverse("engagements:member-list", args=["northwind"])
    said = "The invitations for Ana Lopez and Ben Stone are on their way."
    assert said in client.get(answer["Location"]).text
    assert people(lead.engagement) == {
        "ana@x.test": ("Ana Lopez", Role.CHAMPION),
        "ben.stone@x.test": ("Ben Stone", Role.CHAMPION),
    }
    assert invited(lead.engagement) == ["ana@x.test", "ben.stone@x.test"]


def test_who_is_named_already_is_invited_as_named(client: Client, lead: Membership) -> None:
    build.member(lead.engagement, "Dana", Role.SPONSOR, user=None, email="dana@x.test")

    client.post(invite_url(lead.engagement), {"people": "D <DANA@x.test>", "role": "viewer"})

    assert people(lead.engagement) == {"dana@x.test": ("Dana", Role.SPONSOR)}
    assert invited(lead.engagement) == ["dana@x.test"]


def test_with_one_wrong_nobody_is_invited_and_each_is_named(
    client: Client, lead: Membership
) -> None:
    typed = {"people": "a@x.test\nnot-an-address\n<b>@", "role": "contributor"}

    page = client.post(invite_url(lead.engagement), typed)

    assert page.status_code == 422
    text = html.unescape(page.text)
    assert "“not-an-address” is not an email address." in text
    assert "a@x.test\nnot-an-address" in text
    assert people(lead.engagement) == {}
    assert invited(lead.engagement) == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("Bob <b@x.test", "“<b@x.test” is not an email address."),
        ("Bob <>", "Line 1: “Bob <>” is not an email address."),
        ("a@x.test\n\nBob\n", "Line 3: “Bob” is not an email address."),
        ("Bob, b@x.test, boss, 12", "Line 1: “boss, 12” has no address."),
        ("Bo Kern, b@x.test, Ana, a@x.test", "Line 1: “Bo Kern, Ana” has no address."),
        ("a@x.test, b@, @c", "Line 1: “b@, @c” is not an email address."),
        (",;,", "Enter at least one address."),
        (build.LONG_ADDRESS, "has 255 characters. The limit is 254."),
    ],
)
def test_nothing_typed_is_passed_over(
    client: Client, lead: Membership, typed: str, says: str
) -> None:
    page = client.post(invite_url(lead.engagement), {"people": typed, "role": "viewer"})

    assert (page.status_code, says in html.unescape(page.text)) == (422, True)
    assert people(lead.engagement) == {}


def test_a_line_gets_one_message(client: Client, lead: Membership) -> None:
    typed = "Name Address Role\nBo Kern, bo@x, contributor\nAna, a@x.test, contributor"

    answer = client.post(invite_url(lead.engagement), {"people": typed, "role": "contributor"})

    text = html.unescape(answer.text)
    assert text.count("is not an email address.") == 2
    assert "Line 1: “Name Address Role” is not an email address." in text
    assert "Line 2: “bo@x” is not an email address." in text


def test_lines_of_a_sheet_are_taken_with_their_names(client: Client, lead: Membership) -> None:
    typed = "Bo Kern, bo.kern@x.test, contributor\r\nLopez, Ana <a@x.test>\r\n"

    client.post(invite_url(lead.engagement), {"people": typed, "role": "contributor"})

    assert people(lead.engagement) == {
        "bo.kern@x.test": ("Bo Kern", Role.CONTRIBUTOR),
        "a@x.test": ("Lopez, Ana", Role.CONTRIBUTOR),
    }


def test_a_line_that_says_another_role_is_asked_about(client: Client, lead: Membership) -> None:
    typed = "Bo, bo@x.test, viewer\nAna, a@x.test, contributor\nCy, c@x.test, Program lead"

    page = client.post(invite_url(lead.engagement), {"people": typed, "role": "contributor"})

    assert page.status_code == 422
    assert "Line 1 says Viewer, but the role for all is Contributor." in page.text
    assert "Line 2" not in page.text
    assert "Line 3 says Program lead" in page.text
    assert people(lead.engagement) == {}


def test_members_among_them_are_each_pointed_out(client: Client, lead: Membership) -> None:
    build.member(lead.engagement, "Ben", Role.SPONSOR, email="ben@x.test")
    typed = {"people": f"a@x.test, ben@x.test, {lead.email}", "role": "contributor"}

    page = client.post(invite_url(lead.engagement), typed)

    assert page.status_code == 422
    assert page.text.count("is already a member with this address.") == 2
    assert people(lead.engagement) == {}
    assert invited(lead.engagement) == []


def test_not_more_than_can_be_overlooked(client: Client, lead: Membership) -> None:
    addresses = " ".join(f"p{number}@x.test" for number in range(MOST + 1))

    page = client.post(invite_url(lead.engagement), {"people": addresses, "role": "viewer"})

    assert f"{MOST + 1} people are too many. Invite at most {MOST} at once." in page.text
    assert invited(lead.engagement) == []


def test_those_an_import_named_are_invited_by_one_press(client: Client, lead: Membership) -> None:
    for name in ("Ana", "Ben", "Cem"):
        build.member(
            lead.engagement, name, Role.CONTRIBUTOR, user=None, email=f"{name.lower()}@x.test"
        )
    with scope(lead.engagement_id):
        send_invitation(membership=Membership.objects.get(name="Cem"), by=lead)
    listed = reverse("engagements:member-list", args=[lead.engagement.slug])
    assert "Invite the 2 people not invited yet" in client.get(listed).text

    client.post(invite_url(lead.engagement, "member-invite-waiting"))
    client.post(invite_url(lead.engagement, "member-invite-waiting"))

    assert invited(lead.engagement) == ["ana@x.test", "ben@x.test", "cem@x.test"]
    assert "people not invited yet" not in client.get(listed).text


def test_whose_invitation_ran_out_is_invited_again(client: Client, lead: Membership) -> None:
    with scope(lead.engagement_id):
        for name in ("Ana", "Ben"):
            row = build.member(lead.engagement, name, user=None, email=f"{name.lower()}@x.test")
            send_invitation(membership=row, by=lead)
        Invitation.objects.update(expires_at=timezone.now())
    listed = reverse("engagements:member-list", args=[lead.engagement.slug])
    page = client.get(listed).text
    assert "Invitation expired" in page
    assert "Invite the 2 people not invited yet" in page

    client.post(invite_url(lead.engagement, "member-invite-waiting"))

    with scope(lead.engagement_id):
        sent = Invitation.objects.filter(expires_at__gt=timezone.now(), revoked_at=None)
        assert sorted(sent.values_list("membership__name", flat=True)) == ["Ana", "Ben"]
    assert "people not invited yet" not in client.get(listed).text


def test_htmx_gets_the_form_and_is_led_on(client: Client, lead: Membership) -> None:
    hx = {"HX-Request": "true"}
    refused = client.post(
        invite_url(lead.engagement), {"people": "x", "role": "viewer"}, headers=hx
    )
    done = client.post(
        invite_url(lead.engagement), {"people": "a@x.test", "role": "viewer"}, headers=hx
    )

    assert refused.status_code == 422
    assert refused.text.lstrip().startswith("<form")
    assert done["HX-Redirect"] == reverse("engagements:member-list", args=["northwind"])


@pytest.mark.parametrize(
    ("text", "more"),
    [("x\n" * 9_999, 9_979), ("a@x.test, contributor\n" * 800, 780), ("<a@x.test>" * 1_999, 0)],
    ids=["no address", "another role", "one address"],
)
def test_an_answer_names_the_first_lines_and_counts_the_others(
    client: Client, lead: Membership, text: str, more: int
) -> None:
    page = client.post(
        invite_url(lead.engagement),
        {"people": text, "role": Role.CHAMPION},
        headers={"HX-Request": "true"},
    )

    assert page.text.count("Line ") <= 20 * 2
    assert (f"And {more} more." in page.text) == (more > 0)
    assert len(page.content) < 100_000


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
