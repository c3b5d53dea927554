"""Who visits what: written by the side that knows the database, read by the one that knows HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Client:
    """A client company, with what a page of it may show of names that only it has."""

    slug: str
    name: str
    key_results: Sequence[str]  # public ids
    share_token: str = ""


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who is signed in, with the clients that they may read."""

    session: str
    reads: Sequence[str]  # slugs
    is_viewer: bool = False  # sees status pages only
    cards: Sequence[tuple[str, str, str]] = ()  # of key results they own: slug, public id, value


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole run of the load generator."""

    port: int
    host: str
    seed: int
    visitors: int
    seconds: float
    names: str  # a pattern that finds every client's name in a page
    clients: dict[str, Client] = field(default_factory=dict)
    people: Sequence[Person] = ()


def write(plan: Plan, path: Path) -> None:
    path.write_text(json.dumps(asdict(plan)))


def read(path: Path) -> Plan:
    plain = json.loads(path.read_text())
    clients = {slug: Client(**client) for slug, client in plain.pop("clients").items()}
    people = [Person(**person) for person in plain.pop("people")]
    return Plan(**plain, clients=clients, people=people)
