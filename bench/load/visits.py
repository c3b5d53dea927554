"""What people ask for on a Monday.

Who checks in opens My week, then card after card: the form, the post, the count beside it, as
htmx asks for them; now and then with a blocker or a call for help, which is settled on the page of
the key result. Who reads goes through the pages of a client, comes back to the status page with
the copy that the browser kept, and follows shared links. Nobody stops to think.
"""

from __future__ import annotations

import random
import re
from collections import deque
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from html import unescape

from bench.load.browser import Browser
from bench.load.plan import Client, Person, Plan
from bench.load.sitting import Over, Record, Sitting
from bench.load.wall import Wall

WRITES = 0.2  # of all requests
CARDS, PAGES = 5, 8  # of one sitting
ASKS = 0.15  # of check-ins: with a blocker and a call for help
COMES_BACK = 0.5  # to a page that the browser has kept
INPUT = re.compile(r'<input type="(?!radio|checkbox)\w+" name="(\w+)" value="([^"]*)"')
ASKED = re.compile(r'action="(/e/[\w-]+/(blockers|help-requests)/(\w+)/\w+/)"')
PLACES: Mapping[str, tuple[str, int]] = {  # by kind: the path, and how often
    "My week": ("/", 5),
    "Status": ("/e/{slug}/status/", 5),
    "Shared status": ("/s/{token}/", 5),
    "Key result": ("/e/{slug}/key-results/{key_result}/", 5),
    "Home": ("/e/{slug}/", 4),
    "Board": ("/e/{slug}/board/", 3),
    "Reviews": ("/e/{slug}/reviews/", 2),
    "Decisions": ("/e/{slug}/decisions/", 1),
    "Escalations": ("/e/{slug}/escalations/", 1),
}
FOR_VIEWERS = ("Status", "Shared status")


@dataclass
class Writer:
    """Somebody with cards that nobody has brought up to date yet."""

    person: Person
    cards: deque[tuple[str, str, str]]  # slug, public id, latest value


class Visitor:
    """One of those who use the product at the same time, as one person after the other."""

    def __init__(self, plan: Plan, *, number: int) -> None:
        self.plan = plan
        self.chance = random.Random(f"{plan.seed}:{number}")  # noqa: S311 - the same each time
        self.record = Record(seconds=plan.seconds)
        self.number, self.sittings = number, 0
        self.writers = deque(self._writers())

    def run(self, *, begin: float) -> None:
        """From `begin`, on the monotonic clock, until the time is up."""
        self.record.begin = begin
        try:
            while True:
                writes = self.record.posts < WRITES * len(self.record.answers)
                if writes and self.writers:
                    self.check_in(self.writers[0])
                    self.writers.rotate(-1)
                else:
                    self.read(self.chance.choice(self.plan.people))
        except Over:
            return

    def read(self, person: Person) -> None:
        kinds = FOR_VIEWERS if person.is_viewer else tuple(PLACES)
        weights = [PLACES[kind][1] for kind in kinds]
        with closing(self._member(person)) as member:
            for kind in self.chance.choices(kinds, weights, k=PAGES):
                client = self.plan.clients[self.chance.choice(person.reads)]
                if kind == "Shared status":
                    with closing(self._guest(client)) as guest:
                        self._look(guest, kind, client)
                else:
                    self._look(member, kind, client)

    def check_in(self, writer: Writer) -> None:
        clients = self.plan.clients
        with closing(self._member(writer.person)) as member:
            member.get("My week", "/", has=clients[writer.person.reads[0]].name)
            for _ in range(min(CARDS, len(writer.cards))):
                slug, key_result, value = writer.cards.popleft()
                self._bring_up_to_date(member, clients[slug], key_result, value)
        if not writer.cards:
            self.writers.remove(writer)

    def _look(self, sitting: Sitting, kind: str, client: Client) -> None:
        path = PLACES[kind][0].format(
            slug=client.slug,
            token=client.share_token,
            key_result=self.chance.choice(client.key_results),
        )
        page = sitting.get(kind, path, has=client.name)
        etag = page.headers.get("etag", "") if page else ""
        if etag and self.chance.random() < COMES_BACK:
            sitting.get(f"{kind}, kept copy", path, has=client.name, etag=etag)

    def _bring_up_to_date(
        self, member: Sitting, client: Client, key_result: str, value: str
    ) -> None:
        page = f"/e/{client.slug}/key-results/{key_result}/"
        card = f'id="card-{key_result}"'
        form = member.get("Check-in form", f"{page}check-in/", htmx=True, has=card)
        if form is None:
            return
        asks = self.chance.random() < ASKS
        fields = {**_inputs(form.text), **self._words(value, asks=asks)}
        saved = member.post(
            "Check-in", f"{page}check-in/", fields, event="check-in-recorded", has=card
        )
        self._note("check-ins", fields.get("key", ""), taken=saved is not None)
        member.get("My week, count", "/?part=counts", htmx=True)
        if saved and asks:
            self._settle(member, client, page)

    def _settle(self, member: Sitting, client: Client, page: str) -> None:
        """Deal with what was asked on that page."""
        asking = member.get("Key result", page, has=client.name)
        text = asking.text if asking else ""
        for path, what, which in ASKED.findall(text):
            fields = {**_inputs(text), "answer": "Finance joins on Thursday."}
            kind = "Blocker resolved" if what == "blockers" else "Help answered"
            settled = member.post(kind, path, fields)
            self._note(what, which, taken=settled is not None)
            member.get("Key result", page, has=client.name)

    def _words(self, value: str, *, asks: bool) -> dict[str, str]:
        chance = self.chance
        return {
            "actual": f"{float(value) * chance.uniform(0.95, 1.05):.1f}",
            "confidence": str(chance.randint(1, 5)),
            "insight": f"Week {chance.randint(1, 99)}: accounts that see the offer early stay.",
            "next_action": f"Move the offer to day {chance.randint(10, 30)}",
            "help_needed": "An hour of finance" * asks,
            "blocker": "The contract with the carrier" * asks,
            "then": "stay",
        }

    def _note(self, what: str, which: str, *, taken: bool) -> None:
        self.record.sent.append((what, which, taken))

    def _member(self, person: Person) -> Sitting:
        clients = [self.plan.clients[slug] for slug in person.reads]
        return self._sitting(clients, session=person.session)

    def _guest(self, client: Client) -> Sitting:
        return self._sitting([client])

    def _sitting(self, clients: list[Client], *, session: str = "") -> Sitting:
        """Everybody comes from an address of their own: limits count by address."""
        self.sittings += 1
        high, low = divmod(self.sittings % 65_536, 256)
        address = f"10.{self.number % 256}.{high}.{low}"
        plan = self.plan
        browser = Browser(port=plan.port, host=plan.host, address=address, session=session)
        return Sitting(record=self.record, browser=browser, wall=Wall(clients, names=plan.names))

    def _writers(self) -> list[Writer]:
        """No card belongs to two visitors."""
        owners = [person for person in self.plan.people if person.cards]
        mine = owners[self.number :: self.plan.visitors]
        self.chance.shuffle(mine)
        return [
            Writer(person, deque(self.chance.sample(list(person.cards), len(person.cards))))
            for person in mine
        ]


def _inputs(page: str) -> dict[str, str]:
    """What the fields of a page hold, the hidden ones too."""
    return {name: unescape(value) for name, value in INPUT.findall(page)}
