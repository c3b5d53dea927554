"""Cedar Advisory: the third week. Red is merely early here, and one figure is still missing."""

from __future__ import annotations

import datetime as dt

from demo.stories.story import (
    FRIDAY_BEFORE,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    ClientStory,
    KeyResultStory,
    Person,
    Planned,
    Read,
    Told,
)

DOWNLOADS = KeyResultStory(
    metric="Research downloads",
    owner=Person.CONSULTANT,
    at=dt.time(9, 15),
    evidence="https://marketing.cedar.example/downloads",
    fetched_by="Research director",
    told=(
        Told(
            read=Read(ago=1, value="41", confidence=3),
            insight="The staffing study draws clinics, as hoped; the pricing one draws competitors.",
            next_action="Ask for the kind of firm before the download",
        ),
        Told(
            read=Read(ago=0, value="118", confidence=3, day=FRIDAY_BEFORE),
            insight="Asking costs one reader in ten and tells us that two thirds are clinics.",
            next_action="Offer the study to the two clinic associations",
        ),
        Told(
            read=Read(ago=-1, value="163", confidence=4, day=FRIDAY_BEFORE),
            insight="One association put it in its newsletter: forty downloads in a day.",
            next_action="Ask the second one for a place in its next issue",
        ),
    ),
)

QUOTES = KeyResultStory(
    metric="Case study quotes",
    owner=Person.CONSULTANT,
    at=dt.time(9, 25),
    fetched_by="Client partner",
    told=(
        Told(
            read=Read(ago=1, value="1", confidence=3, day=TUESDAY),
            insight="Clients like to be quoted; their lawyers take three weeks to agree.",
            next_action="Write a one-page consent that a practice manager can sign",
            blocker="Legal must agree to the one-page consent.",
        ),
    ),
)

REVENUE = KeyResultStory(
    metric="MRR",
    owner=Person.CONSULTANT,
    at=dt.time(14, 10),
    evidence="https://billing.cedar.example/recurring",
    fetched_by="Managing partner",
    told=(
        Told(
            read=Read(ago=1, value="284", confidence=4),
            insight="Two retainers began; a third starts next month and is not in here yet.",
            next_action="Line up the renewals that fall into this cycle",
        ),
        Told(
            read=Read(ago=0, value="291", confidence=4, day=MONDAY),
            insight="Five renewals are due, one of them large and quiet since its last report.",
            next_action="Have the managing partner call the quiet one in person",
        ),
    ),
)

MARGIN = KeyResultStory(
    metric="Gross margin",
    at=dt.time(15, 30),
    evidence="https://accounts.cedar.example/margin",
    fetched_by="Finance lead",
    told=(
        Told(
            read=Read(ago=1, value="62.1", confidence=3),
            insight="Only just above the floor: two seniors covered a project planned for juniors.",
            next_action="Staff the next two projects from the bench list",
        ),
        Told(
            read=Read(ago=0, value="62.4", confidence=4, day=TUESDAY),
            insight="The bench list works; the seniors are back on advisory hours.",
            next_action="Show the margin of each project in the Monday meeting",
        ),
    ),
)

SATISFACTION = KeyResultStory(metric="Client satisfaction", owner=Person.CONSULTANT, told=())

SESSIONS = KeyResultStory(
    metric="Organic sessions",
    owner=Person.CONSULTANT,
    at=dt.time(9, 45),
    evidence="https://web.cedar.example/organic",
    fetched_by="Content lead",
    told=(
        Told(
            read=Read(ago=1, value="1310", confidence=3),
            insight="Two old articles on no-shows bring a quarter of all visits.",
            next_action="Bring both up to date and link them to the study",
        ),
        Told(
            read=Read(ago=0, value="1420", confidence=4, day=FRIDAY_BEFORE),
            insight="The refreshed pair climbed three places. Their readers stay for two pages.",
            next_action="Pick the next three old articles by what clinics search for",
        ),
    ),
)

INBOUND = KeyResultStory(
    metric="Inbound requests",
    at=dt.time(16, 5),
    fetched_by="Demand lead",
    told=(
        Told(
            read=Read(ago=1, value="1", confidence=3, day=WEDNESDAY),
            insight="The one request came from a reader who never saw the contact form.",
            next_action="Put the form at the end of each article",
        ),
        Told(
            read=Read(ago=0, value="3", confidence=3, day=WEDNESDAY),
            insight="Two more, both through the new form and both from clinics.",
            next_action="Answer within a working day and note how long it takes",
        ),
    ),
)

CEDAR = ClientStory(
    client_name="Cedar Advisory",
    slug="cedar",
    settings={
        "time_zone": "America/New_York",
        "country": "US",
        "due_weekday": 3,
        "due_time": dt.time(12),
        "vision": "The first call of a small healthcare firm that wants to grow.",
        "strategy_themes": ["Be read", "Be recommended", "Stay profitable"],
    },
    week=3,
    committed_in_week=2,
    people={Person.CONSULTANT: "contributor", Person.CLIENT: "viewer"},
    champions={},
    access="Partners at Cedar, and Ines Marlow",
    key_results=(DOWNLOADS, QUOTES, REVENUE, MARGIN, SATISFACTION, SESSIONS, INBOUND),
    planned=Planned(kind="weekly", days=1, at=dt.time(9, 30)),
)
