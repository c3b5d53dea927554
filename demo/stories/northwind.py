"""Northwind SaaS: midway, one red with the sponsor, one just escalated, one ahead of its goal."""

from __future__ import annotations

import datetime as dt

from demo.stories import agreed, answered
from demo.stories.story import (
    FRIDAY_BEFORE,
    TUESDAY,
    WEDNESDAY,
    ClientStory,
    KeyResultStory,
    Person,
    Planned,
    Read,
    Told,
)

TIME_TO_FIRST_VALUE = KeyResultStory(
    metric="Time to first value",
    owner=Person.CONSULTANT,
    at=dt.time(9, 10),
    evidence="https://analytics.northwind.example/boards/first-value",
    fetched_by="Growth PM",
    told=(
        Told(
            read=Read(ago=6, value="2.9", confidence=3),
            insight="Most of the wait is the import. People who skip it are done the same day.",
            next_action="Watch five new accounts do the import and note where they stop",
        ),
        Told(
            read=Read(ago=5, value="2.6", confidence=3),
            insight="Column matching is where four of five stopped; two never came back.",
            next_action="Ship the guessed column match to half of the new accounts",
        ),
        Told(
            read=Read(ago=4, value="2.7", confidence=3),
            insight="Slightly up: a reseller brought forty accounts that all import old data.",
            next_action="Split the figure by reseller and direct before judging the match",
        ),
        Told(
            read=Read(ago=2, value="2.1", confidence=4, day=TUESDAY),
            insight="The guessed match takes half a day off, for direct and reseller accounts alike.",
            next_action="Turn the guessed match on for everybody",
        ),
        Told(
            read=Read(ago=1, value="1.8", confidence=4),
            insight="On for all since Tuesday. What is left are teams that wait for their own IT.",
            next_action="Offer a sample workspace to accounts without a file to import",
        ),
        Told(
            read=Read(ago=0, value="1.6", confidence=4, day=FRIDAY_BEFORE),
            insight="One in three new accounts takes the sample workspace; half of those stay in it.",
            next_action="Ask ten of them what they did before they brought their own data",
        ),
        Told(
            read=Read(ago=-1, value="1.5", confidence=4, day=FRIDAY_BEFORE),
            insight="The ten calls agree: the sample shows what a good board looks like.",
            next_action="Put the sample board first in the welcome mail",
        ),
    ),
)

DAY_SEVEN = KeyResultStory(
    metric="Day-7 active accounts",
    owner=Person.CONSULTANT,
    at=dt.time(9, 20),
    evidence="https://analytics.northwind.example/boards/activation",
    fetched_by="Lifecycle lead",
    told=(
        Told(
            read=Read(ago=6, value="47", confidence=3),
            insight="Accounts with one user leave; those with three are nearly all back on day seven.",
            next_action="Count how many see the invite screen at all",
        ),
        Told(
            read=Read(ago=5, value="49", confidence=3),
            insight="Only a third see the invite screen, since it comes after the import.",
            next_action="Move the invite in front of the import for one week",
        ),
        Told(
            read=Read(ago=4, value="48.5", confidence=3),
            insight="The early invite is seen by all and used by few: nobody knows yet what to show.",
            next_action="Put the invite where the first board is finished",
        ),
        Told(
            read=Read(ago=3, value="51", confidence=3),
            insight="Right place: one account in four now invites a colleague in the first week.",
            next_action="Write the day-three mail for accounts with a single user",
        ),
        Told(
            read=Read(ago=1, value="53.5", confidence=3),
            insight="The mail brings back a tenth of the lone users. Trials from fairs still ignore it.",
            next_action="Ask sales to invite the second user during the fair call",
            help_needed="Half a day of a sales rep who runs the fair calls.",
            answer="Take Thursday morning with Jo from the field team; I have told her.",
        ),
        Told(
            read=Read(ago=0, value="54.5", confidence=3),
            insight="Fair trials moved for the first time, from 31 to 38 percent.",
            next_action="Agree with sales that no fair call ends with one user",
        ),
    ),
)

EXPANSION = KeyResultStory(
    metric="30-day expansion",
    at=dt.time(11, 40),
    fetched_by="Monetization PM",
    told=(
        Told(
            read=Read(ago=5, value="6.2", confidence=3),
            insight="Expansion comes almost only from accounts that hit the seat limit.",
            next_action="List what the ten largest accounts did before they grew",
        ),
        Told(
            read=Read(ago=4, value="6.5", confidence=3),
            insight="Eight of the ten had connected billing in week one. Few others have.",
            next_action="Offer the billing connection in the second session",
        ),
        Told(
            read=Read(ago=3, value="6.4", confidence=2),
            insight="The offer is taken by admins only, and admins come back late in the month.",
            next_action="Find out whether team leads may connect billing",
        ),
        Told(
            read=Read(ago=1, value="7.1", confidence=2),
            insight="Team leads may, but the screen asks for a finance role that they lack.",
            next_action="Bring the role question to the platform planning",
            blocker="The finance role is wired into the billing tables; Platform must split it.",
        ),
        Told(
            read=Read(ago=0, value="7.4", confidence=2, day=WEDNESDAY),
            insight="Without the role split the bet is stuck; the rise is two large accounts.",
            next_action="Decide with the objective owner whether to change the bet",
            help_needed="Two days of somebody who knows the billing tables.",
        ),
    ),
)

INCIDENTS = KeyResultStory(
    metric="Tier-one incidents",
    owner=Person.CONSULTANT,
    at=dt.time(9, 30),
    evidence="https://status.northwind.example/incidents",
    fetched_by="SRE lead",
    told=(
        Told(
            read=Read(ago=6, value="9", confidence=2),
            insight="Five of nine began with a deploy after four in the afternoon.",
            next_action="Agree on a quiet hour for tier-one deploys",
        ),
        Told(
            read=Read(ago=5, value="8", confidence=3),
            insight="The quiet hour holds. What remains is the job queue that fills up at night.",
            next_action="Draw who is on call for the queue between ten and six",
        ),
        Told(
            read=Read(ago=4, value="7", confidence=3),
            insight="Nobody is: the queue belongs to two teams, so to none.",
            next_action="Name one owner for the queue",
            blocker="Two teams share the queue and neither takes the night.",
            resolved=True,
        ),
        Told(
            read=Read(ago=3, value="8", confidence=2),
            insight="One more than last week, from the old certificate nobody had listed.",
            next_action="List all certificates with their end dates",
        ),
        Told(
            read=Read(ago=2, value="5", confidence=3),
            insight="First week with a queue owner: two warnings were caught before anybody noticed.",
            next_action="Write the three alarms that the owner asks for",
        ),
        Told(
            read=Read(ago=1, value="4", confidence=4, day=TUESDAY),
            insight="The alarms fired twice and both times the queue was drained in minutes.",
            next_action="Rehearse a failed deploy with the new on-call plan",
        ),
    ),
)

LATENCY = KeyResultStory(
    metric="API latency p95",
    owner=Person.CHAMPION,
    at=dt.time(8, 50),
    evidence="https://telemetry.northwind.example/api",
    fetched_by="Platform lead",
    is_fresh=True,
    told=(
        Told(
            read=Read(ago=5, value="424", confidence=3),
            insight="Three endpoints make up most of the tail; search alone is half of it.",
            next_action="Profile search with last month’s slowest hundred requests",
        ),
        Told(
            read=Read(ago=4, value="418", confidence=3),
            insight="Search waits for a permission check that is asked once per row.",
            next_action="Ask for the permissions of a page in one go",
        ),
        Told(
            read=Read(ago=2, value="409", confidence=3),
            insight="The batch check works in two of five services; exports still ask row by row.",
            next_action="Move exports to the batch check",
        ),
        Told(
            read=Read(ago=1, value="433", confidence=3),
            insight="Up for the first time: the month-end exports of three large accounts.",
            next_action="Run large exports in the background",
        ),
        Told(
            read=Read(ago=0, value="441", confidence=2),
            insight="Exports run in the background now, and search queues behind them.",
            next_action="Give search a queue of its own and measure again",
        ),
    ),
)

NPS = KeyResultStory(
    metric="Enterprise NPS",
    owner=Person.CONSULTANT,
    at=dt.time(9, 40),
    fetched_by="CX lead",
    told=(
        Told(
            read=Read(ago=5, value="26", confidence=3),
            insight="Low marks speak of last year’s outages, high ones of the new support line.",
            next_action="Call the six lowest and ask what would change their mind",
        ),
        Told(
            read=Read(ago=4, value="30", confidence=3),
            insight="All six want the same: to hear of an incident from us first.",
            next_action="Draft the note that goes out within thirty minutes",
        ),
        Told(
            read=Read(ago=2, value="33", confidence=4),
            insight="The note went out twice. Both times customers thanked us for it.",
            next_action="Put the note into the on-call plan",
        ),
        Told(
            read=Read(ago=1, value="39", confidence=5),
            insight="Four of the six low marks have turned. The rest answer next month.",
            next_action="Write down what turned the four, for the review",
        ),
    ),
)

NORTHWIND = ClientStory(
    client_name="Northwind SaaS",
    slug="northwind",
    settings={
        "time_zone": "Europe/Berlin",
        "country": "DE",
        "due_weekday": 0,
        "due_time": dt.time(10),
        "vision": "Small teams see their work on one page by the end of their first day.",
        "strategy_themes": ["First value fast", "Reliable enough to bet on", "Grow with teams"],
    },
    week=8,
    committed_in_week=2,
    people={
        Person.CONSULTANT: "contributor",
        Person.CHAMPION: "champion",
        Person.SPONSOR: "sponsor",
    },
    champions={"Platform": Person.CHAMPION},
    access="Everybody at Northwind, and Ines Marlow",
    key_results=(TIME_TO_FIRST_VALUE, DAY_SEVEN, EXPANSION, INCIDENTS, LATENCY, NPS),
    meetings=agreed.NORTHWIND,
    answers=answered.NORTHWIND,
    planned=Planned(kind="monthly", days=1),
    shared_with="Northwind board",
)
