"""The seven sheets as people keep them, and each notation that they have in common."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
import xlsxwriter

from engagements.models import Membership
from imports.columns import guess_columns
from imports.formats import date_order_of, decimal_sign_of, quarter_name, span_of_fiscal
from imports.plans import Plan, plan_content, plan_import
from imports.problems import Answers
from imports.sheets import read_grid
from okrs.models import Cycle, KeyResult, Objective
from tests import build
from tests.imports.files import NOTHING_KNOWN, SHEETS, file_of, load, plan, problems

# By sheet: the answers that it asks for, its objectives with team, and its key results with
# direction, baseline, target, unit and owner.
Q4 = {"cycle": "2026-Q4"}
OUT: dict[str, tuple[dict[str, Any], list[tuple[str, str]], list[tuple[Any, ...]]]] = {
    "tree-export": (
        {},
        [("Make renewals effortless for every client", ""), ("Win back dormant accounts", "Sales")],
        [
            ("Share of contracts renewed without a call", "higher", 41, 60, "%", "Ana Duarte"),
            ("Days from quote to signature", "lower", 18, 7, "days", "Tom Reyes"),
            ("Dormant accounts that order again", "higher", 1240, 2100, "accounts", "Mia Lund"),
        ],
    ),
    "german-excel": (
        {},
        [
            ("Unsere Lieferfähigkeit zurückgewinnen", ""),
            ("Händler gern wiederkommen lassen", "Vertrieb"),
        ],
        [
            ("Anteil pünktlicher Lieferungen", "higher", Decimal("81.5"), 95, "%", "Jörg Weiß"),
            ("Lagerwert", "lower", 1240000, 900000, "EUR", "Änne Groß"),
            ("Aktive Händler", "higher", 1240, 1600, "Händler", "Änne Groß"),
        ],
    ),
    "french-template": (
        Q4,
        [("Rendre l'accueil des nouveaux clients évident", "")],
        [
            (
                "Délai médian avant le premier usage",
                "lower",
                Decimal("9.5"),
                4,
                "jours",
                "Élodie Martin",
            ),
            ("Part des clients actifs au jour 7", "higher", 46, 65, "%", "Élodie Martin"),
        ],
    ),
    "title-row-and-merged": (
        {"fractions": "percent"},
        [("Be the clinic patients recommend", ""), ("Keep the practice solvent", "")],
        [
            ("Patients who recommend us", "higher", 38, 50, "NPS", "Ruth Adeyemi"),
            ("Days to a first appointment", "lower", 12, 5, "days", "Sam Ortega"),
            ("Complaints a month", "lower", 22, 10, "", "Ruth Adeyemi"),
            ("Share of bills paid in 30 days", "higher", 62, 80, "%", "Sam Ortega"),
        ],
    ),
    "whole-lines-quoted": (
        {},
        [("Earn trust, one release at a time", "")],
        [
            ("Releases rolled back", "lower", 9, 2, "", "Ivo, Petr"),
            ("Customers on the newest version", "higher", 35, 80, "", "Lea"),
        ],
    ),
    "chinese": (
        {},
        [("让新客户更快看到价值", "")],
        [
            ("首次使用的中位天数", "lower", 9, 4, "天", "王芳"),
            ("第七天活跃率", "higher", 46, 65, "%", "李雷"),
        ],
    ),
    "ids-and-levels": (
        {"fiscal": "7"},
        [
            ("Be the first choice of regional grocers", ""),
            ("Deliver what we promised", "Logistics"),
        ],
        [
            ("Grocers who list us first", "higher", 14, 30, "grocers", "Dana Ruiz"),
            ("Launch the grocer portal", "higher", 0, 1, "yes/no", "Omar Haddad"),
            ("Deliveries on the promised day", "higher", 88, 97, "%", "Omar Haddad"),
        ],
    ),
}


def content(sheet: str) -> bytes:
    return (SHEETS / f"{sheet}.csv").read_bytes()


@pytest.mark.parametrize("sheet", OUT)
def test_a_sheet_as_people_keep_it_comes_in_whole(lead: Membership, sheet: str) -> None:
    answers, objectives, key_results = OUT[sheet]

    load(content(sheet), by=lead, **answers)

    found = Objective.objects.select_related("team").order_by("pk")
    assert [(each.title, str(each.team or "")) for each in found] == objectives
    rows = KeyResult.objects.select_related("metric", "owner").order_by("pk")
    assert [
        (row.title, row.direction, row.baseline, row.target, row.unit, str(row.owner))
        for row in rows
    ] == key_results
    cycle = Cycle.objects.get()
    assert (cycle.starts_on, cycle.ends_on) == (dt.date(2026, 10, 1), dt.date(2026, 12, 31))


@pytest.mark.parametrize(
    ("sheet", "place", "answers"),
    [
        pytest.param(
            "french-template", (0, "cycle"), ["cycle:2026-Q4", "cycle:2027-Q1"], id="cycle"
        ),
        pytest.param(
            "title-row-and-merged",
            (7, "baseline"),
            ["fractions:percent", "fractions:number"],
            id="0.62-is-62-percent",
        ),
        pytest.param(
            "ids-and-levels",
            (0, "cycle"),
            ["fiscal:7", "fiscal:1", "fiscal:4", "fiscal:10"],  # the one that runs today first
            id="what-FY27-Q2-means",
        ),
    ],
)
def test_what_a_sheet_leaves_open_is_asked_once(
    sheet: str, place: tuple[int, str], answers: list[str]
) -> None:
    (question,) = plan_content(content(sheet), known=NOTHING_KNOWN).problems

    assert question[:2] == place
    assert [offer.value for offer in question.offers] == answers


def test_current_values_are_offered_and_an_objective_is_aligned(lead: Membership) -> None:
    load(content("tree-export"), by=lead)
    load(content("ids-and-levels"), by=lead, fiscal="7")

    offered = KeyResult.objects.exclude(offered_on=None).order_by("pk")
    assert list(offered.values_list("offered_value", flat=True)) == [47, 15, 1310]
    (aligned,) = Objective.objects.exclude(parent=None).select_related("parent", "owner")
    assert str(aligned.parent) == "Be the first choice of regional grocers"
    assert str(aligned.owner) == "Omar Haddad"
    portal = KeyResult.objects.get(title="Launch the grocer portal")
    assert (portal.method, portal.ladder) == ("ladder", [["1", "1"]])


def test_columns_without_a_use_are_skipped_with_the_reason() -> None:
    skipped = {
        column.heading: column.why
        for sheet in ("tree-export", "title-row-and-merged")
        for column in plan_content(content(sheet), known=NOTHING_KNOWN).columns
        if not column.field
    }

    assert skipped == {
        "Status": "Scores come from check-ins",
        "Comment": "Comments belong to check-ins",
    }


@pytest.mark.parametrize(
    ("headings", "values", "fields"),
    [
        pytest.param("Ziel Messgröße Von Bis", "Wachsen Umsatz 18,5 28", "objective key_result baseline target", id="German"),
        pytest.param("Objective KR Goal Start", "Grow Sales 28 18", "objective key_result target baseline", id="a goal of figures"),
        pytest.param("Goal Measure From To", "Grow Sales 18 28", "objective key_result baseline target", id="a goal of words"),
        pytest.param("Objetivo Resultado_clave Meta Fin", "Crecer Ventas 28 31/12/2026", "objective key_result target due_on", id="Spanish"),
        pytest.param("Objective KR Due X", "Grow Sales FY27-Q1 a@b.test", "objective key_result cycle owner_email", id="by values"),
    ],
)  # fmt: skip
def test_columns_are_guessed_from_their_names_and_values(
    headings: str, values: str, fields: str
) -> None:
    columns = guess_columns(headings.split(), [values.split()], chosen={}, remembered={})

    assert [column.field for column in columns] == fields.split()


@pytest.mark.parametrize(
    ("cells", "delimiter", "sign"),
    [
        pytest.param(["1.250", "2500,5"], ";", ",", id="other-cells-settle-it"),
        pytest.param(["1.250", "900"], ";", ",", id="semicolons-settle-it"),
        pytest.param(["1,240", "2,100"], ",", ".", id="commas-in-quotes-are-thousands"),
        pytest.param(["1.250"], ",", "", id="open"),
        pytest.param(["1.240.000"], "", ",", id="groups"),
        pytest.param(["18,5", "28,5", "1.18"], "", ",", id="most-cells"),
    ],
)
def test_the_decimal_sign_is_settled_by_the_other_cells_and_the_delimiter(
    cells: list[str], delimiter: str, sign: str
) -> None:
    assert decimal_sign_of(cells, delimiter=delimiter).sign == sign


def test_thousands_are_read_as_the_other_cells_are_written() -> None:
    sheet = "Objective;KR;Baseline;Target\nGrow;Sales;1.250;2500,5\nGrow;Share;50%;60 %\n"

    first, second = plan_content(
        sheet.encode(), known=NOTHING_KNOWN, answers=Answers(cycle="2026-Q4")
    ).rows

    assert [first.baseline, first.target] == [1250, Decimal("2500.5")]
    assert [second.baseline, second.target, second.unit] == [50, 60, "%"]


@pytest.mark.parametrize(
    ("cell", "offers"),
    [
        pytest.param({"target": "1.18"}, ["1,180", "1.18"], id="a-figure-that-does-not-fit"),
        pytest.param({"due_on": "31.06.2026"}, ["30 Jun 2026", "1 Jul 2026"], id="after-the-month"),
        pytest.param({"owner_email": "dana at harbor.test"}, ["dana@harbor.test"], id="at"),
        pytest.param({"direction": "sideways"}, ["higher", "lower"], id="no-direction"),
        pytest.param({"direction": "lower"}, ["higher"], id="M3-direction-against-figures"),
        pytest.param({"due_on": "2026-07-01"}, ["30 Jun 2026"], id="M3-due-after-the-cycle"),
        pytest.param({"type": "epic"}, ["objective", "key result"], id="no-type"),
    ],
)
def test_a_problem_offers_the_likely_answers(cell: dict[str, str], offers: list[str]) -> None:
    line = {"cycle": "2026-Q2", "due_on": "", "baseline": "1,5", "target": "2,5"}
    line |= dict.fromkeys(("valid_low", "valid_high"), "") | {"unit": "days"}
    grid = read_grid(file_of({**line, "target": "3,5"}, {**line, **cell}, more=["type"]))

    (problem,) = plan_of(grid).problems

    assert problem.line == 3
    assert [offer.label for offer in problem.offers] == offers
    answered = Answers().with_answer(problem.offers[0].value)
    assert plan_of(grid, answers=answered).problem_count == 0


def plan_of(grid: Any, **options: Any) -> Plan:
    return plan_import(grid, known=NOTHING_KNOWN, **options)


def test_a_failed_formula_is_refused() -> None:
    (problem,) = problems(file_of({"owner": "#REF!"}))

    assert problem.message == "“#REF!” is a formula that failed."


def test_blank_repeated_cells_take_the_value_above_and_a_blank_target_none() -> None:
    sheet = (
        "Cycle,Team,Objective,Key result,Baseline,Target,Owner\n"
        "2026-Q4,Sales,Grow,One,1,2,Ana\n,,,Two,1,2,\n,,Keep,Three,1,2,\n,,,Four,1,,\n"
    )

    made = plan_content(sheet.encode(), known=NOTHING_KNOWN)

    assert [
        (one.row.cycle, one.row.team, one.row.objective, one.row.owner) for one in made.preview
    ] == [
        ("2026-Q4", "Sales", "Grow", "Ana"),
        ("2026-Q4", "Sales", "Grow", "Ana"),
        ("2026-Q4", "Sales", "Keep", "Ana"),
        ("2026-Q4", "Sales", "Keep", "Ana"),
    ]
    assert [(problem.line, problem.column) for problem in made.problems] == [(5, "target")]


@pytest.mark.parametrize(
    "name",
    [
        "Q4 2026",
        "2026-Q4",
        "2026Q4",
        "Q4/2026",
        "Q4'26",
        "T4 2026",
        "4. Quartal 2026",
        "2026年第四季度",
    ],
)
def test_a_quarter_has_many_names(name: str) -> None:
    assert quarter_name(name) == "2026-Q4"


def test_a_fiscal_quarter_begins_when_the_fiscal_year_does() -> None:
    july = span_of_fiscal("FY27-Q1", first_month=7)
    january = span_of_fiscal("Q1 FY2027", first_month=1)

    assert july == (dt.date(2026, 7, 1), dt.date(2026, 9, 30))
    assert january == (dt.date(2027, 1, 1), dt.date(2027, 3, 31))


@pytest.mark.parametrize(
    ("dates", "order"),
    [(["01/10/2026", "31/12/2026"], "day"), (["01/10/2026", "12/31/2026"], "month"), (["1.2.2026"], "day"), (["01/10/2026"], "")],
)  # fmt: skip
def test_a_number_over_12_settles_the_order_of_dates(dates: list[str], order: str) -> None:
    assert date_order_of(dates).sign == order


def workbook(*rows: list[Any], text: bool = False) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.add_worksheet("Notes").hide()
        sheet = book.add_worksheet("Q4")
        sheet.activate()
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                form = day if isinstance(cell, dt.date) else None
                sheet.write(at, column, cell, *([form] if form else []))
    return file.getvalue()


HEADINGS = ["Ziel", "Schlüsselergebnis", "Von", "Bis", "Einheit", "Fällig am"]


def test_a_workbook_is_read_with_its_figures_and_dates() -> None:
    end = dt.datetime(2026, 12, 31)  # noqa: DTZ001 - a spreadsheet knows no zone
    book = workbook(
        ["Ziele 2026-Q4"],
        [],
        HEADINGS,
        ["Wachsen", "Umsatz", 1.234, 0.1 + 0.2 + 2, "Mio. EUR", end],
        ["", "Lagerwert", "1.240.000", 900000, "EUR", "31.12.2026"],
    )

    first, second = plan(book).rows

    assert (first.line, first.baseline, first.target) == (4, Decimal("1.234"), Decimal("2.3"))
    assert [second.baseline, second.target, second.cycle] == [1240000, 900000, "2026-Q4"]
    assert first.due_on == second.due_on == dt.date(2026, 12, 31)


def test_pasted_cells_are_separated_by_tabs() -> None:
    pasted = "Objective\tKR\tBaseline\tTarget\tCycle\nGrow\tSales\t1\t2\tQ4 2026\n"

    assert plan(pasted.encode()).key_results == 1


def test_owners_without_an_address_are_matched_by_name(lead: Membership) -> None:
    build.member(lead.engagement, "Dana Whitlock", email="dana@harbor.test")
    lines = [{"owner": name, "owner_email": ""} for name in ("DANA whitlock", "D. Whitlock", "Sam")]

    made = load(file_of(*lines), by=lead).made

    assert made["placeholder"] == 1
    owners = KeyResult.objects.select_related("owner").order_by("pk")
    assert [str(row.owner) for row in owners] == ["Dana Whitlock", "Dana Whitlock", "Sam"]
    assert not Membership.objects.get(name="Sam").has_address
    assert load(file_of(*lines), by=lead).already_there == 3


def test_lines_with_a_problem_can_be_skipped_with_those_that_need_them(lead: Membership) -> None:
    lines = [{"target": ""}, {"contributes_to": "Metric 1"}, {"contributes_to": "Metric 2"}, {}]

    outcome = load(file_of(*lines), by=lead, skips=True)

    assert (outcome.key_results, outcome.skipped) == (1, 3)
    assert KeyResult.objects.get().title == "Result 4"
