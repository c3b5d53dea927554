"""Harbor Retail: midway in an earlier week, on a scale to 100, with a correction."""

from __future__ import annotations

import datetime as dt

from demo.stories import agreed
from demo.stories.story import (
    TUESDAY,
    WEDNESDAY,
    ClientStory,
    KeyResultStory,
    Person,
    Planned,
    Read,
    Told,
)

REPEAT_PURCHASE = KeyResultStory(
    metric="Repeat purchase rate",
    owner=Person.CONSULTANT,
    at=dt.time(10, 5),
    evidence="https://orders.harbor.example/reports/repeat",
    fetched_by="CRM lead",
    told=(
        Told(
            read=Read(ago=5, value="18.4", confidence=3),
            insight="First buyers who used click and collect come back twice as often as the rest.",
            next_action="Ask three stores what they say at the collection desk",
        ),
        Told(
            read=Read(ago=4, value="19.6", confidence=3),
            insight="The stores that hand over a voucher do best, and each made up its own.",
            next_action="Give all stores the same voucher for a fortnight",
        ),
        Told(
            read=Read(ago=3, value="19.1", confidence=3, day=TUESDAY),
            insight="A dip while the vouchers were at the printer; half of the stores had none.",
            next_action="Send the voucher by mail until the printed ones are there",
        ),
        Told(
            read=Read(ago=2, value="21.2", confidence=3),
            insight="The mailed voucher is used within nine days, the printed one within twenty.",
            next_action="Drop the print run and mail on the day of collection",
        ),
        Told(
            read=Read(ago=1, value="22.7", confidence=4),
            insight="Mailing on the day works best for homeware, hardly for clothing.",
            next_action="Try a fitting offer instead of the voucher for clothing",
        ),
        Told(
            read=Read(ago=0, value="23.1", confidence=4, day=TUESDAY),
            insight="Homeware carries the rise. The fitting offer has run for three days only.",
            next_action="Compare clothing with and without the offer next week",
        ),
    ),
)

ONBOARDING = KeyResultStory(
    metric="Onboarding time",
    owner=Person.CONSULTANT,
    at=dt.time(10, 15),
    fetched_by="Onboarding lead",
    told=(
        Told(
            read=Read(ago=5, value="8.8", confidence=3),
            insight="A member waits longest for the card, and the card waits for the paper form.",
            next_action="Count the stores that still post paper forms",
        ),
        Told(
            read=Read(ago=4, value="8.4", confidence=3),
            insight="Nineteen of sixty do, most of them in the north.",
            next_action="Let three northern stores try the form on the tablet",
        ),
        Told(
            read=Read(ago=3, value="7.8", confidence=4, day=WEDNESDAY),
            insight="First week under eight days. The shorter form did it.",
            next_action="Roll the shorter form out to all stores",
        ),
        Told(
            read=Read(ago=1, value="7.0", confidence=3),
            insight="Paper is down to four stores. Now the nightly load holds members back.",
            next_action="Ask the loyalty team when the load could run twice a day",
            help_needed="Somebody at Harbor IT who can say when the export may run.",
        ),
        Told(
            read=Read(ago=1, value="7.4", confidence=3, day=TUESDAY),
            insight="The 7.0 of yesterday left the four paper stores out; with them it is 7.4.",
            next_action="Have the report count every store before anybody reads it",
        ),
    ),
)

HARBOR = ClientStory(
    client_name="Harbor Retail",
    slug="harbor",
    settings={
        "time_zone": "Europe/London",
        "country": "GB",
        "scale": "hundred",
        "due_weekday": 1,
        "due_time": dt.time(12),
        "guardrails": "small_business",
        "status_page": "published",
        "vision": "A shop that people return to because it remembers them.",
        "strategy_themes": ["The second purchase", "Loyalty without paper"],
    },
    week=6,
    committed_in_week=1,
    people={
        Person.CONSULTANT: "contributor",
        Person.SPONSOR: "sponsor",
        Person.CLIENT: "viewer",
    },
    champions={},
    access="Harbor head office, and Ines Marlow",
    key_results=(REPEAT_PURCHASE, ONBOARDING),
    meetings=agreed.HARBOR,
    planned=Planned(kind="weekly", days=2, at=dt.time(11)),
)
