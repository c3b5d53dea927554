"""The status page as a whole: masthead, changes, red key results, decisions, objectives."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from okrs.formatting import NO_BREAK, write_day
from scoring import Rag, band_range, format_score
from scoring.objectives import STRETCHED_ABOVE, SUCCESS_FROM
from status.page.decisions import decided
from status.page.facts import Facts, KeyResultFacts, LastReport
from status.page.headlines import status_headline
from status.page.moves import moves, reds
from status.page.rows import holds, key_result, objective_standing
from status.page.schema import Block, Cycle, Page, Report, Tally

MOST_MOVES = 6
MOST_UNFOLDED = 8
RECENT = dt.timedelta(days=30)
BANDS = (Rag.RED, Rag.AMBER, Rag.GREEN, Rag.STRETCH)


def status_page(facts: Facts) -> Page:
    """Build everything that a client reads, in the order of the page (M12)."""
    rows, today, engagement = facts.key_results, facts.today, facts.engagement
    forecasts = [holds(row, engagement=engagement, today=today) for row in rows]
    moved = moves(facts)
    recent = [one for one in facts.decisions if one.decided_on >= today - RECENT]
    known = [one for one in forecasts if one is not None]
    return {
        "client": engagement.client_name,
        "day": _long_day(today),
        "kicker": _kicker(facts),
        "headline": status_headline(rows, engagement=engagement, today=today),
        "stamp": _stamp(facts),
        "since": describe_since(facts),
        "moves": moved[:MOST_MOVES],
        "more_moves": max(0, len(moved) - MOST_MOVES),
        "reds": reds(facts),
        "decided": [decided(one, facts=facts) for one in recent[:4]],
        "counts": _counts(rows),
        "tally": _tally(rows),
        "forecasts": f"{known.count(True)} of {len(known)}" if known else "–",
        "line": "is where a steady pace would be today.",
        "success": " to ".join(
            format_score(bound, scale=engagement.score_scale)
            for bound in (SUCCESS_FROM, STRETCHED_ABOVE)
        ),
        "folded": len(rows) > MOST_UNFOLDED,
        "cycles": _cycles(facts),
        "legend": [_named(band, 0) for band in (*BANDS, Rag.NO_DATA)],
        "bands": _band_words(facts),
        "report": report(facts.report, facts=facts) if facts.report else None,
    }


def _cycles(facts: Facts) -> list[Cycle]:
    by_cycle = [list(rows) for _, rows in groupby(facts.key_results, key=lambda row: row.cycle)]
    several = len(by_cycle) > 1
    return [
        {
            "heading": _cycle_heading(rows[0], today=facts.today) if several else "",
            "blocks": [
                _block(list(held), facts=facts)
                for _, held in groupby(rows, key=lambda row: row.objective)
            ],
        }
        for rows in by_cycle
    ]


def _block(rows: Sequence[KeyResultFacts], *, facts: Facts) -> Block:
    first, engagement, today = rows[0], facts.engagement, facts.today
    own = [
        one
        for one in facts.decisions
        if any(touch.get("objective") == first.objective for touch in one.touches)
    ]
    return {
        "id": first.objective,
        "label": _label(first),
        "title": first.objective_title,
        "meta": _of_the_mean(rows, names=engagement.shows_owners),
        "standing": objective_standing(rows, engagement=engagement, today=today),
        "key_results": [
            key_result(row, engagement=engagement, today=today, at=facts.at) for row in rows
        ],
        "decisions": [decided(one, facts=facts) for one in own[:5]],
    }


def _label(row: KeyResultFacts) -> str:
    level = "Company objective" if row.team is None else f"Team objective · {row.team}"
    return f"{level} · contributes to “{row.parent}”" if row.parent else level


def _of_the_mean(rows: Sequence[KeyResultFacts], *, names: bool) -> str:
    many = f"{len(rows)} key result{'' if len(rows) == 1 else 's'}"
    weighted = len({row.weight for row in rows}) > 1
    mean = f", {'weighted ' if weighted else ''}average of scores" if len(rows) > 1 else ""
    missing = sum(row.score is None for row in rows)
    without = f", {missing} not measured yet" if missing else ""
    owner = f"{rows[0].objective_owner} · " if names else ""
    return f"{owner}{many}{mean}{without}"


def _kicker(facts: Facts) -> str:
    """Return for example "Q1, week 10 of 13, 21 days left", for the first cycle on the page."""
    if not facts.key_results:
        return ""
    return _cycle_heading(facts.key_results[0], today=facts.today)


def _cycle_heading(row: KeyResultFacts, *, today: dt.date) -> str:
    starts_on, ends_on = row.cycle_starts_on, row.cycle_ends_on
    if ends_on < today:
        return f"{row.cycle_name}, ended {write_day(ends_on, today=today, weekday=False)}"
    weeks = ((ends_on - starts_on).days + 7) // 7
    week = (today - starts_on).days // 7 + 1
    left = (ends_on - today).days
    days = "last day" if not left else f"{left} day{'' if left == 1 else 's'} left"
    return f"{row.cycle_name}, week {week} of {weeks}, {days}"


def _stamp(facts: Facts) -> str:
    if facts.posted_at is None:
        return "No check-in yet"
    return f"Last check-in {write_instant(facts.posted_at, facts=facts)}"


def report(said: LastReport, *, facts: Facts) -> Report:
    """Build the texts of a report and the head of the decision log, to compare with later."""
    words = [
        ("What changed", said.moved),
        ("What’s red, and what we’re doing about it", said.red),
        ("What was decided", said.decided),
        ("What’s next", said.next_steps),
    ]
    on = facts.engagement.today(said.published_at)
    return {
        "number": said.number,
        "headline": said.headline,
        "words": [(heading, text) for heading, text in words if text],
        "title": said.review or "",
        "published": write_instant(said.published_at, facts=facts),
        "on": write_day(on, today=facts.today, weekday=False),
        "by": said.published_by,
        "head": f"{said.head_number}:{said.head_hash[:16]}" if said.head_number else "",
    }


def write_instant(at: dt.datetime, *, facts: Facts) -> str:
    """Write for example "10 Mar 2026, 09:40 CET" on the client's clock: pages are printed."""
    local = facts.engagement.local(at)
    return f"{local.day} {local:%b} {local.year}, {local:%H:%M} {local:%Z}".replace(" ", NO_BREAK)


def describe_since(facts: Facts) -> str:
    if facts.since is None:
        return "since the start"
    return f"since the review of {write_day(facts.since.on, today=facts.today, weekday=False)}"


def _counts(rows: Sequence[KeyResultFacts]) -> str:
    objectives = len({row.objective for row in rows})
    first = f"{objectives} objective{'' if objectives == 1 else 's'}"
    return f"{first}, {len(rows)} key result{'' if len(rows) == 1 else 's'}"


def _tally(rows: Iterable[KeyResultFacts]) -> list[Tally]:
    counted = Counter(Rag(row.rag) for row in rows)
    shown = (*BANDS, Rag.NO_DATA) if counted[Rag.NO_DATA] else BANDS
    return [_named(band, counted[band]) for band in shown]


def _named(band: Rag, count: int) -> Tally:
    return {"rag": band.value, "word": band.label, "count": count}


def _band_words(facts: Facts) -> list[str]:
    """Return the range of each band: "up to 0.30", "0.31 to 0.60", "from 0.91"."""
    scale, bands = facts.engagement.score_scale, facts.engagement.rag_bands
    ranges = {band: band_range(band, bands) for band in BANDS}
    low = {band: format_score(ranges[band][0], scale=scale) for band in BANDS}
    high = {band: format_score(ranges[band][1], scale=scale) for band in BANDS}
    return [
        f"up to {high[Rag.RED]}",
        f"{low[Rag.AMBER]} to {high[Rag.AMBER]}",
        f"{low[Rag.GREEN]} to {high[Rag.GREEN]}",
        f"from {low[Rag.STRETCH]}",
    ]


def _long_day(day: dt.date) -> str:
    return f"{day.day} {day:%B} {day.year}"
