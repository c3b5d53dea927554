"""Writing checks, and reasons that overrule them (M3, M3.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from okrs import writing

GOOD = "Win back the trust of tier-one customers in our reliability"


def codes(findings: list[writing.Finding]) -> set[str]:
    return {finding.code for finding in findings}


def objective(title: str, **kwargs: Any) -> set[str]:
    return codes(writing.check_objective(title=title, **kwargs))


def key_result(title: str = "Median onboarding time", **kwargs: Any) -> set[str]:
    return codes(writing.check_key_result(title=title, **kwargs))


@pytest.mark.parametrize(
    "title",
    [
        GOOD,
        "Get new small-business customers to their first win sooner",
        "Become the first name that small healthcare firms think of",
        "Grow earnings without giving up margin",
        "Give crews a tool that they open every day",
        "Öffne unseren Kunden die Tür zur Selbsthilfe",
        "Überrasche Käuferinnen mit müheloser Rückgabe",
        "Make our loyalty program the one that friends recommend",
    ],
)
def test_it_finds_nothing_in_a_good_objective(title: str) -> None:
    assert objective(title) == set()


@pytest.mark.parametrize("title", ["", "   ", "\n"])
def test_it_blocks_an_empty_title(title: str) -> None:
    assert objective(title) == key_result(title) == {"empty"}


@pytest.mark.parametrize("other", [GOOD, GOOD.upper(), f"  {GOOD}. ", GOOD.replace(" ", "  ")])
def test_it_blocks_the_same_sentence_twice_in_a_cycle(other: str) -> None:
    assert objective(GOOD, others=["Earn more", other]) == {"repeated"}


OBJECTIVES = {
    ("measure", "found"): [
        "Raise renewals to 92 %",
        "Raise renewals to 92%",
        "Raise renewals by 8 percent",
        "Raise renewals by ten percent",
        "Increase margin by 3 percentage points",
        "Steigere die Quote um 12,5 Prozent",
        "Win €2m in new business",
        "Win 2 million EUR in new business",
        "Earn $ 50k from partners",
        "Bring onboarding from 9 to 4",
        "Bring onboarding from 9 days to 4 days",
        "Bring churn from 4.5 to 2,5",
        "Answer every call in 30 seconds",
        "Make pages load in 500ms",
        "Win 20 new customers",
        "Reach 10 million users",
        "Make our site 2x faster",
        "Keep 1 000 customers happy",
    ],
    ("measure", "number in a name"): [
        "Be the B2B brand that buyers trust",
        "Win back tier-1 customers",
        "Win back Tier 1 customers",
        "Serve tier 1 customers better than anybody",
        "Be there for customers 24/7",
        "Start Q3 with a team that trusts its numbers",
        "Make ISO 27001 part of daily work",
        "Make the 7-day trial convincing",
        "Become the choice of Fortune 500 companies",
        "Make 2027 the year in which clients return",
        "Carry the momentum from 2026 to 2027",
        "Carry the momentum from Q3 to Q4",
        "Own the move to 5G and Web 2.0",
        "Be the top 10 employer that engineers name first",
        "Make Office 365 feel at home for our teams",
    ],
    ("project", "found"): [
        "Complete the CRM project",
        "Deliver phase 2 of the migration",
        "Finish the rollout of the help desk",
        "Roll-out the new help desk everywhere",
        "Launch v2 of the mobile app",
        "Implement the leadership programme",
        "Run the pilot with two stores",
    ],
    ("project", "no verb of delivery"): [
        "Help project managers sleep well",
        "Become the partner that buyers phase in first",
    ],
    ("sentences", "found"): ["Win back trust. Last year was hard.", "Win back trust! Überall."],
    ("sentences", "one"): [
        "Win back trust.",
        "Beat Acme Inc. in the minds of buyers, e.g. with better service",
        "Be No. 1 for clinics in St. Gallen",
        "Own Web 2.0 for clinics",
    ],
    ("no_verb", "found"): [
        "Better onboarding",
        "The best onboarding of our market",
        "Customer happiness everywhere",
        "Improving how we sell",
        "Retention of enterprise clients",
    ],
    ("no_verb", "a verb"): ["Win back trust", "Bring joy to onboarding", "Überzeuge neue Kunden"],
    ("long", "found"): ["Win " + "x" * 117],
    ("long", "120 characters"): ["Win " + "x" * 116],
}
OBJECTIVES |= {
    ("time_span", "found"): [
        "Make first-time buyers want to return within 30 days",
        "Answer every customer within 2 hours",
        "Win buyers back within thirty days",
        "Delight our customers in their first 30 days",
        "Keep customers active for 90 days",
    ],
    ("time_span", "none"): [
        "Make the 7-day trial convincing",
        "Delight customers in their first month",
    ],
    ("measure", "time span"): [
        "Make first-time buyers want to return within 30 days",
        "Delight our customers in their first 30 days",
    ],
    ("vague", "found"): [
        "Improve stuff",
        "Improve engagement",
        "Grow the business",
        "Better service",
    ],
    ("vague", "says for whom"): [
        "Improve engagement so that nurses stay with us",
        "Grow earnings without giving up margin",
        "Earn the trust of construction crews with our scheduling",
    ],
}
KEY_RESULTS = {
    ("no_measure", "found"): [
        "Improve stuff",
        "Improve stuff by 20 %",
        "Improve engagement",
        "Improve engagement from 60 to 80",
        "Improve employee engagement in all regions by 20 %",
        "Strengthen culture",
        "Strengthen our culture of learning",
        "Grow the business by 30%",
        "Scale the company",
        "Better communication",
        "More transparency between teams",
        "Improve communication and collaboration",
        "Employee engagement improves",
        "Engagement has improved",
        "Boost productivity",
        "Build trust with partners",
        "Make things better",
        "Become more customer-centric",
        "Improve the quality of deliveries",
        "Improve our website",
        "Reduce complexity",
        "Keep engagement above 60",
        "Keep quality high",
    ],
    ("no_measure", "counted"): [
        "Improve engagement score from 60 to 80",
        "Improve NPS",
        "Increase revenue",
        "Improve gross margin",
        "Reduce churn",
        "Improve customer satisfaction",
        "Raise on-time deliveries",
        "Share of teams that answer the weekly pulse with 4 or 5, 60 to 80%",
        "Accelerate revenue growth",
        "Grow the team",
        "Cut delivery time",
        "More repeat orders",
        "Increase product qualified leads",
        "Improve product adoption",
        "Quality complaints",
        "Service tickets reopened",
        "Keep gross margin above 62",
        "Increase website visits",
    ],
    ("activity", "found"): [
        "Publish 12 guides",
        "Hold weekly webinars",
        "Send 4 newsletters a month",
        "Ship three features",
        "Write ten case studies",
        "Number of webinars held",
        "12 articles published",
        "Run 20 interviews",
        "Hold 12 renewal workshops",
        "12 guides published within two weeks",
        "Publish from 4 to 12 articles a month",
        "Roll out the CRM to 5 teams",
        "Hire 5 engineers",
        "Number of blog posts",
        "10 blog posts a month",
        "Increase the number of webinars from 3 to 12",
    ],
    ("activity", "outcome"): [
        "Share of readers of 12 guides who ask for a trial",
        "Publish 12 guides that win 3 % of readers",
        "Signed pilot agreement with a top-ten contractor",
        "Client-attributed quotes cleared for the site",
        "Organic sessions a month",
        "95th percentile API latency",
        "Incidents a month on tier-one services",
        "Paying customers",
        "Time from order to shipping",
        "Makers who come back",
        "Feature requests",
        "Meetings booked by partners",
        "Features used by new customers every week",
    ],
    ("activity", "done within a time"): [
        "Spare-part orders delivered within two days",
        "Parcels sent within 24 hours",
        "Offers written in less than a working week",
    ],
}


def titles(table: dict[tuple[str, str], list[str]]) -> list[Any]:
    return [
        pytest.param(code, title, why == "found", id=f"M3-{code}-{why}-{title}")
        for (code, why), examples in table.items()
        for title in examples
    ]


@pytest.mark.parametrize(("code", "title", "found"), titles(OBJECTIVES))
def test_it_checks_the_title_of_an_objective(code: str, title: str, *, found: bool) -> None:
    assert (code in objective(title)) is found


@pytest.mark.parametrize(("code", "title", "found"), titles(KEY_RESULTS))
def test_it_checks_the_title_of_a_key_result(code: str, title: str, *, found: bool) -> None:
    goal = {} if found else {"target": Decimal(85)}

    assert (code in key_result(title, **goal)) is found


@pytest.mark.parametrize("unit", ["1,", "Win ", "1 ", ". "])
def test_a_text_longer_than_a_title_may_be_is_refused_unread(unit: str) -> None:
    assert objective(unit * 50_000) == {"too_long"}
    assert key_result(unit * 50_000) == {"too_long"}
    assert "too_long" not in objective("W" * 240)


@pytest.mark.parametrize(
    "title", ["Launch the new website", "Implement the new ERP", "Webinars held", "Blog posts"]
)
def test_an_output_with_a_target_needs_a_reason(title: str) -> None:
    assert key_result(title, target=Decimal(1), unit="yes/no") == {"activity"}


REAL = """Median days until a new account first gets value; Accounts still active on day seven
Accounts that expand within thirty days; Incidents a month on tier-one services
95th percentile API latency; Net promoter score of enterprise accounts
Share of first buyers who purchase again; Median onboarding time of a loyalty member
Qualified downloads of original research; Client-attributed quotes cleared for the site
Monthly recurring revenue; Gross margin stays above its floor
Client satisfaction over active engagements; Organic sessions a month
Consultation requests from inbound channels; Paying customers; Marketing qualified leads a month
Length of the sales cycle; Signed pilot agreement with a top-ten contractor; Day-seven retention
Keywords ranked in the top three"""


@pytest.mark.parametrize("title", REAL.replace("\n", "; ").split("; "))
def test_the_key_results_of_four_real_clients_raise_no_alarm(title: str) -> None:
    assert key_result(title, baseline=Decimal(0), target=Decimal(12)) == set()


def test_an_activity_without_a_figure_is_counted_by_its_target() -> None:
    assert "activity" not in key_result("Publish guides")
    assert "activity" in key_result("Publish guides", target=Decimal(12))


SHARES = ["percent", "%", "% of orders", "Per cent", " pp", "fill rate"]
COUNTS = ["", "articles", "orders", "guides a month", "shareholders"]


@pytest.mark.parametrize(
    "title",
    ["Spare-part orders delivered on two sites", "Deliver 12 parts on the day", "Ship parts"],
)
@pytest.mark.parametrize("unit", SHARES + COUNTS)
def test_a_share_of_things_is_no_count_of_them(title: str, unit: str) -> None:
    found = key_result(title, target=Decimal(85), unit=unit)

    assert ("activity" in found) is (unit in COUNTS)


def test_it_blocks_a_line_whose_ends_are_the_same() -> None:
    same: dict[str, Any] = {"baseline": Decimal("62"), "target": Decimal("62.00")}

    assert key_result(**same) == {"target_is_baseline"}
    assert key_result(**same, method="ladder", rungs=[("62", "1")]) == set()


def test_it_blocks_a_ladder_that_rises_and_says_why() -> None:
    rising: dict[str, Any] = {"method": "ladder", "rungs": [("8", "1"), ("4", "0.7")]}

    (finding,) = writing.check_key_result(title="Onboarding", higher_is_better=False, **rising)

    assert finding.code == "ladder"
    assert finding.message != writing.LADDER.message


def test_an_incomplete_card_may_be_saved_but_not_committed() -> None:
    (finding,) = writing.check_key_result(title="Onboarding", missing=["a goal", "an owner"])

    assert finding.message == "Add a goal and an owner."
    assert finding.severity is writing.Severity.BLOCK
    assert writing.refused([finding]) == []


def test_it_hints_at_a_metric_slower_than_weekly() -> None:
    assert key_result(fits_weekly=False) == {"slow_metric"}


@pytest.mark.parametrize(
    ("indicators", "found"),
    [
        (["leading", "lagging"], set()),
        (["leading", "leading"], {"no_lagging"}),
        (["lagging", ""], {"no_leading"}),
        (["", ""], {"no_leading", "no_lagging"}),
        ([], set()),
    ],
)
def test_a_set_wants_a_leading_and_a_lagging_one(indicators: list[str], found: set[str]) -> None:
    assert codes(writing.check_set(indicators)) == found
    assert writing.check_set(indicators, micro=True) == []


def test_a_reason_settles_what_needs_one() -> None:
    findings = writing.check_objective(title="Raise renewals to 92 %")

    assert codes(writing.without_reason(findings, {"measure": "  "})) == {"measure"}
    assert writing.without_reason(findings, {"measure": "The board asked for it"}) == []


@pytest.mark.parametrize(
    "finding",
    [
        writing.MEASURE,
        writing.PROJECT,
        writing.TIME_SPAN,
        writing.VAGUE,
        writing.LONG,
        writing.SENTENCES,
        writing.NO_VERB,
    ],
    ids=lambda finding: finding.code,
)
def test_each_pair_shows_its_own_rule(finding: writing.Finding) -> None:
    before = finding.before if finding is not writing.LONG else "Improve " + "x" * 120

    assert finding.code in objective(before)
    assert objective(finding.after) == set()


@pytest.mark.parametrize(
    "finding", [writing.ACTIVITY, writing.NO_MEASURE], ids=lambda finding: finding.code
)
def test_each_pair_of_a_key_result_shows_its_own_rule(finding: writing.Finding) -> None:
    assert key_result(finding.before) == {finding.code}
    assert key_result(finding.after) == set()
