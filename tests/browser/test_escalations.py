"""An escalation from the mail that tells of it to what the lead sees of its answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from accounts.models import User
from engagements.models import Membership, Role
from escalations.models import Escalation, EscalationState
from notifications.models import Notice
from notifications.rules import find_rule
from okrs.models import KeyResult
from tenancy.scoping import scope
from tests import build
from tests.browser import cast
from tests.browser.conftest import SCREENS, Opens
from tests.browser.visitors import Visitor
from tests.escalations.escalating import escalated

HOUR = dt.timedelta(hours=1)
EXPANSION = "Accounts that expand within thirty days"
PLAN = "Pair the offer with the first use of reports."
ENDS = [SCREENS[0], SCREENS[-1]]  # the widest in light, the narrowest in dark
PHONES = [screen for screen in SCREENS if screen.is_phone]


@dataclass(frozen=True)
class Team:
    """Ines leads and owns the objective, Sofia is the champion, Dana owns the key result."""

    ines: Membership
    sofia: Membership
    dana: Membership
    priya: Membership
    key_result: KeyResult

    @property
    def base(self) -> str:
        return f"/e/{self.ines.engagement.slug}"

    @property
    def page(self) -> str:
        return f"{self.base}/key-results/{self.key_result.public_id}/"


def team() -> Team:
    ines = cast.member(cast.client("Ashton Mills"), cast.user("Ines"))
    here = ines.engagement
    sofia = cast.member(here, cast.user("Sofia"), Role.CHAMPION)
    dana = cast.member(here, cast.user("Dana"), Role.CONTRIBUTOR)
    priya = cast.member(here, cast.user("Priya"), Role.SPONSOR)
    growth = build.team(here, "Growth", champion=sofia)
    objective = build.objective(ines, cast.cycle(here), team=growth)
    committed_at = timezone.now() - 5 * cast.WEEK
    known = {"title": EXPANSION, "owner_id": dana.pk, "committed_at": committed_at}
    key_result = build.live_key_result(objective, build.metric(here), **known)
    return Team(ines, sofia, dana, priya, key_result)


def person(member: Membership) -> User:
    assert member.user is not None
    return member.user


def red(
    found: Team, *, state: EscalationState = EscalationState.ACTIVE, weeks: int = 2
) -> Escalation:
    return escalated(found.key_result, found.dana, state=state, weeks=weeks, now=timezone.now())


def link_of_the_mail(row: Escalation, to: Membership) -> str:
    """Where the notice that it is active leads this person."""
    with scope(row.engagement_id):
        notice = Notice.objects.select_related("person__engagement", "person__user").get(
            rule="escalation_active", person=to, subject=row.pk
        )
        found = find_rule("escalation_active").describe([notice], timezone.now())
    return found[notice.pk].url


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
    found = team()
    row = red(found)
    champion, lead = opens(), opens()
    champion.signs_in_as(person(found.sofia))
    champion.visit(link_of_the_mail(row, found.sofia), says=EXPANSION)
    section = champion.page.locator("#escalation")
    expect(section).to_be_in_viewport()
    expect(section).to_contain_text("Sofia convenes a huddle within 48 hours")
    champion.inspect("active")

    sets_the_huddle(champion, section)
    records_the_plan(champion, section)

    lead.signs_in_as(person(found.ines))
    sees_the_answer(lead, found)


def sets_the_huddle(champion: Visitor, section: Locator) -> None:
    section.get_by_role("link", name="Schedule huddle").click()
    expect(section.get_by_label("When")).to_be_focused()
    champion.inspect("huddle form")
    section.get_by_role("button", name="Schedule huddle").click()
    expect(section.get_by_role("alert")).to_be_focused()
    expect(section).to_contain_text("Enter the day and time of the huddle.")
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
    found, visitor = team(), opens()
    red(found, state=EscalationState.RAISED, weeks=3)
    page = visitor.page
    visitor.signs_in_as(person(found.priya))
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


@pytest.mark.parametrize("screen", ENDS, ids=str)
def test_a_lead_records_the_word_of_a_sponsor_who_does_not_sign_in(opens: Opens) -> None:
    found, visitor = team(), opens()
    red(found, state=EscalationState.RAISED, weeks=3)
    page = visitor.page
    visitor.signs_in_as(person(found.ines))
    visitor.visit(f"{found.base}/escalations/", says="1 open escalation: with the sponsor")
    row = page.locator(".escalations > li")

    row.get_by_role("link", name="Record the sponsor").click()
    choose(row, "Change the strategy")
    row.get_by_label("What happens next?").fill("No offer in the first month.")
    row.get_by_role("button", name="Record the sponsor").click()
    expect(row.get_by_role("alert")).to_be_focused()
    visitor.inspect("verdict without evidence refused")
    row.get_by_label("Sponsor who decided").fill("Kai Ober")
    row.get_by_label("Evidence link").fill("https://example.test/minutes")
    row.get_by_role("button", name="Record the sponsor").click()

    expect(row).to_contain_text("Recorded by Ines")
    visitor.inspect("decided in the list")
    visitor.visit(f"{found.base}/escalations/", says="No open escalations.")
    expect(page.locator("#decided")).to_contain_text("Recorded by Ines")
    visitor.inspect("decided in the list, after a while")


@pytest.mark.parametrize("screen", ENDS, ids=str)
def test_who_only_contributes_reads_the_story_and_finds_no_button(opens: Opens) -> None:
    found, visitor = team(), opens()
    red(found)
    page = visitor.page
    visitor.signs_in_as(person(found.dana))

    visitor.visit(found.page, says=EXPANSION)
    expect(page.locator("#escalation")).to_contain_text("Ask for a nightly export, attempt 2")
    expect(page.locator("#escalation").get_by_role("link")).to_have_count(0)
    expect(page.locator("#escalation").get_by_role("button")).to_have_count(0)
    visitor.inspect("read by a contributor")
    visitor.visit("/")
    flag = page.locator(".due").get_by_role("link", name="Red for two weeks")
    visitor.inspect("a card that is red for two weeks")
    flag.click()
    expect(page.locator("#escalation")).to_be_in_viewport()


def test_a_watched_one_is_made_active_where_it_stands(opens: Opens) -> None:
    found, visitor = team(), opens()
    red(found, state=EscalationState.WATCHING)
    page = visitor.page
    visitor.signs_in_as(person(found.sofia))
    visitor.visit(f"{found.base}/escalations/", says="1 open escalation: watched")
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
    found, first, second = team(), opens(), opens()
    red(found)
    sections = []
    for visitor, member in ((first, found.sofia), (second, found.ines)):
        visitor.signs_in_as(person(member))
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
    expect(sections[1]).to_contain_text("Sofia recorded the recovery plan while you were writing.")
    expect(sections[1]).to_contain_text("Ines says so.")
    second.inspect("both versions")
    sections[1].get_by_role("link", name="Keep saved version").click()
    expect(sections[1]).to_contain_text("Sofia says so.")
    expect(sections[1]).not_to_contain_text("Ines says so.")


@pytest.mark.parametrize("screen", PHONES, ids=str)
def test_without_script_each_form_has_a_page_of_its_own(opens: Opens) -> None:
    found, visitor = team(), opens(script=False)
    red(found)
    page = visitor.page
    visitor.signs_in_as(person(found.sofia))
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
