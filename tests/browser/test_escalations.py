"""An escalation from the mail that tells of it to what the lead sees of its answer."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from engagements.models import Membership, Role
from escalations.models import Escalation, EscalationState
from notifications.models import Notice
from notifications.rules import registered_rules
from tenancy.scoping import scope
from tests import build
from tests.browser import cast
from tests.browser.conftest import ENDS, PHONE, Opens
from tests.browser.visitors import Visitor
from tests.escalations.escalating import escalated

HOUR = dt.timedelta(hours=1)
EXPANSION = "Accounts that expand within thirty days"
PLAN = "Pair the offer with the first use of reports."


class Team:
    """Ines leads and owns the objective, Sofia is the champion, Dana owns the key result."""

    def __init__(self) -> None:
        self.ines = cast.member(cast.client("Ashton Mills"), cast.user("Ines"))
        here = self.ines.engagement
        self.sofia = cast.member(here, cast.user("Sofia"), Role.CHAMPION)
        self.dana = cast.member(here, cast.user("Dana"), Role.CONTRIBUTOR)
        self.priya = cast.member(here, cast.user("Priya"), Role.SPONSOR)
        growth = build.team(here, "Growth", champion=self.sofia)
        objective = build.objective(self.ines, cast.cycle(here), team=growth)
        self.key_result = build.live_key_result(
            objective,
            build.metric(here),
            title=EXPANSION,
            owner_id=self.dana.pk,
            committed_at=timezone.now() - 5 * cast.WEEK,
        )
        self.base = f"/e/{here.slug}"
        self.page = f"{self.base}/key-results/{self.key_result.public_id}/"

    def red(self, state: EscalationState = EscalationState.ACTIVE, *, weeks: int = 2) -> Escalation:
        now = timezone.now()
        return escalated(self.key_result, self.dana, state=state, weeks=weeks, now=now)


def link_of_the_mail(row: Escalation, to: Membership) -> str:
    """Return where the notice that it is active leads this person."""
    with scope(row.engagement_id):
        notice = Notice.objects.select_related("person__engagement", "person__user").get(
            rule="escalation_active", person=to, subject=row.pk
        )
        return (
            registered_rules["escalation_active"].describe([notice], timezone.now())[notice.pk].url
        )


def tomorrow() -> str:
    return f"{timezone.now() + 20 * HOUR:%Y-%m-%dT%H:%M}"


def choose(form: Locator, label: str) -> None:
    form.locator(".seg label", has_text=label).click()


def write_plan(form: Locator, *, plan: str = PLAN) -> None:
    choose(form, "Change the bet")
    form.locator("[name=plan]").fill(plan)
    form.get_by_label("Plan owner").select_option(label="Dana")
    in_a_week = timezone.now().date() + dt.timedelta(days=7)
    form.get_by_label("Checkpoint").fill(f"{in_a_week}")


def sees_the_answer(visitor: Visitor, found: Team) -> None:
    """On the key result's page, in the list and on the client's home."""
    page = visitor.page
    visitor.visit(found.page, says=EXPANSION)
    expect(page.locator("#escalation")).to_contain_text("Plan under way")
    expect(page.locator("#escalation")).to_contain_text(PLAN)
    visitor.visit(
        f"{found.base}/escalations/", says="1 open escalation: with a recovery plan under way"
    )
    expect(page.locator(".escalations")).to_contain_text(PLAN)
    visitor.inspect("list with a plan that runs")
    visitor.visit(f"{found.base}/")
    expect(page.locator("main")).to_contain_text(EXPANSION)
    visitor.inspect("home with a plan that runs")


def test_a_champion_answers_an_escalation_and_the_lead_sees_it(opens: Opens) -> None:
    found = Team()
    row = found.red()
    champion, lead = opens(), opens()
    champion.signs_in_as(found.sofia.user)
    champion.visit(link_of_the_mail(row, found.sofia), says=EXPANSION)
    section = champion.page.locator("#escalation")
    expect(section).to_be_in_viewport()
    expect(section).to_contain_text("Sofia calls a huddle within 48 hours")
    champion.inspect("active")

    sets_the_huddle(champion, section)
    records_the_plan(champion, section)

    lead.signs_in_as(found.ines.user)
    sees_the_answer(lead, found)


def sets_the_huddle(champion: Visitor, section: Locator) -> None:
    section.get_by_role("link", name="Schedule huddle").click()
    expect(section.get_by_label("When")).to_be_focused()
    champion.inspect("huddle form")
    section.get_by_role("button", name="Schedule huddle").click()
    expect(section.get_by_role("alert")).to_be_focused()
    expect(section).to_contain_text("Choose day and time.")
    champion.inspect("huddle refused")
    section.get_by_label("When").fill(tomorrow())
    section.get_by_role("button", name="Schedule huddle").click()
    expect(section.get_by_role("link", name="Reschedule huddle")).to_be_focused()
    expect(champion.page.get_by_role("status")).to_contain_text("The huddle is scheduled for")
    champion.inspect("huddle set")


def records_the_plan(champion: Visitor, section: Locator) -> None:
    section.get_by_role("link", name="Record recovery plan").click()
    write_plan(section, plan="")
    section.get_by_role("button", name="Record recovery plan").click()
    expect(section.get_by_role("alert")).to_be_focused()
    expect(section.get_by_label("Plan owner")).not_to_have_value("")
    champion.inspect("outcome refused")
    section.locator("[name=plan]").fill(PLAN)
    section.get_by_role("button", name="Record recovery plan").click()
    expect(section).to_contain_text("Plan under way since today")
    expect(section.locator("form")).to_have_count(0)
    champion.inspect("plan runs")


@pytest.mark.parametrize("screen", ENDS, ids=str)
def test_a_sponsor_decides_on_my_week_and_the_story_stays(opens: Opens) -> None:
    found, visitor = Team(), opens()
    found.red(EscalationState.RAISED, weeks=3)
    page = visitor.page
    visitor.signs_in_as(found.priya.user)
    visitor.visit("/", says="1 escalation is waiting on you.")
    waits = page.locator("#waits")
    expect(waits).to_contain_text("three red weeks without a recovery plan")
    visitor.inspect("it waits for the sponsor")

    waits.get_by_role("link", name="Record decision").click()
    choose(waits, "Add resources")
    waits.get_by_label("What happens next?").fill("Two people of the service desk.")
    visitor.inspect("verdict form on My week")
    waits.get_by_role("button", name="Record decision").click()

    expect(waits).to_contain_text("✓ Recorded: add resources.")
    expect(page.locator("#waiting")).to_have_text("0")
    visitor.inspect("decided on My week")
    waits.get_by_role("link", name="Show history").click()
    # It stays in sight while the key result is red.
    decided = page.locator("#escalation")
    expect(decided).to_contain_text("Decided by the sponsor: add resources")
    expect(decided).to_contain_text("Two people of the service desk.")
    expect(decided).to_contain_text("Ask for a nightly export, attempt 3")
    visitor.inspect("decided")


def test_a_watched_one_is_made_active_where_it_stands(opens: Opens) -> None:
    found, visitor = Team(), opens()
    found.red(EscalationState.WATCHING)
    page = visitor.page
    visitor.signs_in_as(found.sofia.user)
    visitor.visit(
        f"{found.base}/escalations/", says="No open escalations. 1 red key result is watched."
    )
    row = page.locator(".escalations > li")
    expect(row).to_contain_text("No deadline yet")
    visitor.inspect("watched")

    row.get_by_role("button", name="Activate now").click()

    expect(row.get_by_role("link", name="Schedule huddle")).to_be_focused()
    expect(row).to_contain_text("Sofia activated it.")
    visitor.inspect("made active by hand")
    row.get_by_role("link", name="Record recovery plan").click()
    write_plan(row)
    row.get_by_role("link", name="Cancel").click()
    expect(row.locator("form")).to_have_count(0)
    expect(row.get_by_role("link", name="Schedule huddle")).to_be_focused()


def test_two_who_answer_at_once_see_each_other(opens: Opens) -> None:
    found, first, second = Team(), opens(), opens()
    found.red()
    sections = []
    for visitor, member in ((first, found.sofia), (second, found.ines)):
        visitor.signs_in_as(member.user)
        visitor.visit(found.page, says=EXPANSION)
        section = visitor.page.locator("#escalation")
        section.get_by_role("link", name="Record recovery plan").click()
        write_plan(section, plan=f"{member} says so.")
        sections.append(section)

    for section in sections:
        section.get_by_role("button", name="Record recovery plan").click()
        section.locator("[name=plan]").wait_for(state="detached")

    expect(sections[0]).to_contain_text("Plan under way")
    expect(sections[1].get_by_role("alert")).to_be_focused()
    expect(sections[1]).to_contain_text("Sofia recorded the recovery plan today")
    expect(sections[1]).to_contain_text("Ines says so.")
    second.inspect("both versions")
    sections[1].get_by_role("link", name="Keep saved version").click()
    expect(sections[1]).to_contain_text("Sofia says so.")
    expect(sections[1]).not_to_contain_text("Ines says so.")


@pytest.mark.parametrize("screen", [PHONE], ids=str)
def test_without_script_each_form_has_a_page_of_its_own(opens: Opens) -> None:
    found, visitor = Team(), opens(script=False)
    found.red()
    page = visitor.page
    visitor.signs_in_as(found.sofia.user)
    visitor.visit("/", says="1 escalation is waiting on you.")

    page.locator("#waits").get_by_role("link", name="Schedule huddle").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Schedule huddle")
    visitor.inspect("huddle form without script")
    page.get_by_role("button", name="Schedule huddle").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not saved yet")
    page.get_by_label("When").fill(tomorrow())
    page.get_by_role("button", name="Schedule huddle").click()
    expect(page.get_by_role("status")).to_contain_text("The huddle is scheduled for")

    visitor.visit(found.page, says=EXPANSION)
    page.locator("#escalation").get_by_role("link", name="Record recovery plan").click()
    write_plan(page.locator("main"))
    visitor.inspect("outcome form without script")
    page.get_by_role("button", name="Record recovery plan").click()
    expect(page.locator("#escalation")).to_contain_text("Plan under way")
    visitor.inspect("plan runs without script")
