"""Changes that a person with all rights can make to a log without its triggers, and their faults."""

from __future__ import annotations

from decisions.constraints import RELEASES, digest

HEAD_DIFFERS = "The head has another hash than decision 12."
CUT = "Decisions 8 to 12 are missing at the end."
FORGED = "0" * 64
REVERSE = "text = 'Do the reverse.'"
EARLIER = "recorded_at = d.recorded_at - interval '1 day'"
OF_OURS = "r.engagement_id = %(ours)s"

Tampering = tuple[str, list[str]]


def edited(number: int) -> str:
    return f"Decision {number} was edited: its words do not give its hash."


def unlinked(number: int) -> str:
    return f"Decision {number} does not follow decision {number - 1}: it carries another hash."


def back_dated(number: int, *, after: int) -> str:
    return f"Decision {number} is dated before decision {after}."


EDITED, BROKEN = edited(5), unlinked(6)


def at(number: int) -> str:
    """Select the decision of that number, in northwind alone."""
    return f"d.number = {number} AND d.engagement_id = %(ours)s"


def put(change: str, *, number: int = 5) -> str:
    return f"UPDATE decisions_decision d SET {change} WHERE {at(number)};"


def delete(first: int, last: int) -> str:
    return (
        "DELETE FROM decisions_decision d WHERE d.engagement_id = %(ours)s"
        f" AND d.number BETWEEN {first} AND {last};"
    )


def seal(number: int) -> str:
    return put(f"hash = {digest('d')}", number=number)


def chain(first: int, last: int) -> str:
    """Link and seal these again, as an expert would."""
    linked = "previous_hash = (SELECT p.hash FROM decisions_decision p WHERE {})"
    return "".join(
        put(linked.format(at(number - 1).replace("d.", "p.")), number=number) + seal(number)
        for number in range(first, last + 1)
    )


def renumber(first: int, last: int, *, by: int) -> str:
    """Renumber one after the other, so that no number exists twice on the way."""
    numbers = range(first, last + 1) if by < 0 else range(last, first - 1, -1)
    return "".join(put(f"number = {number + by}", number=number) for number in numbers)


def add(number: int) -> str:
    """Add a decision that was never recorded, copied from the second."""
    columns = (
        "engagement_id, decided_on, text, owner_id, due_on, change, touches, evidence,"
        " client_visible, occasion_kind, occasion_id, recorded_by_id, recorded_at"
    )
    return (
        f"INSERT INTO decisions_decision ({columns}, public_id, idempotency_key, number,"
        f" previous_hash, hash)"
        f" SELECT {columns}, 'forged{number}', gen_random_uuid(), {number},"
        f" (SELECT p.hash FROM decisions_decision p WHERE {at(number - 1).replace('d.', 'p.')}), ''"
        f" FROM decisions_decision d WHERE {at(2)};{seal(number)}"
    )


def head(change: str) -> str:
    return f"UPDATE decisions_decisionhead SET {change} WHERE engagement_id = %(ours)s;"


HEAD_FOLLOWS = head(
    "(number, hash, recorded_at) = (SELECT d.number, d.hash, d.recorded_at FROM decisions_decision d"
    " WHERE d.engagement_id = %(ours)s ORDER BY d.number DESC LIMIT 1)"
)
FIELDS = {
    "public_id": "'abcdefghjkmn'",
    "decided_on": "d.decided_on - 1",
    "text": "'Do the reverse.'",
    "owner_id": "%(somebody)s",
    "due_on": "d.due_on + 30",
    "change": "'none'",
    "touches": "jsonb_set(d.touches, '{0,value}', '\"4\"')",
    "evidence": "'[]'",
    "client_visible": "NOT d.client_visible",
    "occasion_kind": "'none'",
    "occasion_id": "%(other_review)s",
    "supersedes_id": "NULL",
    "recorded_by_id": "%(somebody)s",
    "recorded_at": "d.recorded_at + interval '1 second'",
}

TAMPERINGS: dict[str, Tampering] = {
    **{f"edit {field}": (put(f"{field} = {value}"), [EDITED]) for field, value in FIELDS.items()},
    "edit a link": (put(f"previous_hash = '{FORGED}'"), [unlinked(5), EDITED]),
    "edit a seal": (put(f"hash = '{FORGED}'"), [EDITED, BROKEN]),
    "add a space": (put("text = d.text || ' '"), [EDITED]),
    "edit and seal anew": (put(REVERSE) + seal(5), [BROKEN]),
    "edit the last and seal anew": (put(REVERSE, number=12) + seal(12), [HEAD_DIFFERS]),
    "edit and seal all that follow anew": (put(REVERSE) + seal(5) + chain(6, 12), [HEAD_DIFFERS]),
    "move to another client": (
        put("engagement_id = %(theirs)s"),
        [
            "Decision 5 is missing.",
            "harbor: Decisions 3 to 4 are missing.",
            f"harbor: {edited(5)}",
            "harbor: The head stands at 2, the log at 5.",
        ],
    ),
    "delete the first": (delete(1, 1), ["Decision 1 is missing."]),
    "delete one in the middle": (delete(5, 5), ["Decision 5 is missing."]),
    "delete three in the middle": (delete(5, 7), ["Decisions 5 to 7 are missing."]),
    "delete one and close the gap": (
        delete(5, 5) + renumber(6, 12, by=-1),
        [unlinked(5), *map(edited, range(5, 12)), "Decision 12 is missing at the end."],
    ),
    "delete one, close the gap and seal anew": (
        delete(5, 5) + renumber(6, 12, by=-1) + chain(5, 11),
        ["Decision 12 is missing at the end."],
    ),
    "insert one between": (
        renumber(5, 12, by=1) + add(5),
        [
            back_dated(5, after=4),
            BROKEN,
            *map(edited, range(6, 14)),
            "The head stands at 12, the log at 13.",
        ],
    ),
    "add one at the end": (
        add(13),
        [back_dated(13, after=12), "The head stands at 12, the log at 13."],
    ),
    "swap two": (
        put("number = 99") + put("number = 5", number=6) + put("number = 6", number=99),
        [unlinked(5), EDITED, BROKEN, back_dated(6, after=5), edited(6), unlinked(7)],
    ),
    "give another number": (
        put("number = 20"),
        [
            "Decision 5 is missing.",
            "Decisions 13 to 19 are missing.",
            back_dated(20, after=12),
            edited(20),
            "The head stands at 12, the log at 20.",
        ],
    ),
    "back-date and seal anew": (put(EARLIER) + seal(5), [back_dated(5, after=4), BROKEN]),
    "back-date and seal all that follow anew": (
        put(EARLIER) + seal(5) + chain(6, 12),
        [back_dated(5, after=4), HEAD_DIFFERS],
    ),
    "back-date all, seal all anew and the head's hash too": (
        "".join(put(EARLIER, number=number) for number in range(1, 13))
        + seal(1)
        + chain(2, 12)
        + head("hash = (SELECT d.hash FROM decisions_decision d WHERE " + at(12) + ")"),
        ["The head has another time than decision 12."],
    ),
    "cut the last": (delete(12, 12), ["Decision 12 is missing at the end."]),
    "cut five": (delete(8, 12), [CUT]),
    "delete all": (delete(1, 12), ["Decisions 1 to 12 are missing at the end."]),
    "move the head back": (head("number = 11"), ["The head stands at 11, the log at 12."]),
    "edit the head's hash": (head(f"hash = '{FORGED}'"), [HEAD_DIFFERS]),
    "delete the head": (
        "DELETE FROM decisions_decisionhead WHERE engagement_id = %(ours)s;",
        ["The log has no head."],
    ),
}  # fmt: skip


def put_release(change: str) -> str:
    return f"UPDATE decisions_release r SET {change} WHERE r.number = 1 AND {OF_OURS};"


def delete_release(number: int) -> str:
    return f"DELETE FROM decisions_release r WHERE r.number = {number} AND {OF_OURS};"


EDITED_RELEASE = "Report 1 was edited: its fields do not give its hash."
RELEASE_FIELDS = {
    "public_id": "'abcdefghjkmn'",
    "occasion_kind": "'change'",
    "occasion_id": "'abcdefghjkmn'",
    "report_hash": f"'{FORGED}'",
    "by_id": "%(somebody)s",
    "at": "r.at + interval '1 second'",
}
# Of a log whose release 1 follows decision 12, and whose release 2 follows decision 13.
RELEASE_TAMPERINGS: dict[str, Tampering] = {
    **{
        f"edit {field}": (put_release(f"{field} = {value}"), [EDITED_RELEASE])
        for field, value in RELEASE_FIELDS.items()
    },
    "edit and seal anew": (
        put_release("occasion_id = 'x'") + put_release(f"hash = {digest('r', table=RELEASES)}"),
        [unlinked(13)],
    ),
    "delete the first": (delete_release(1), [unlinked(13), "Report 1 is missing."]),
    "cut the last": (
        delete_release(2),
        ["The head has another hash than decision 13.", "Report 2 is missing at the end."],
    ),
    "delete the decision it covers": (
        delete(13, 13),
        [
            "Decision 13 is missing at the end.",
            "Report 2 was published at decision 13, hash {13}: the log differs.",
        ],
    ),
}
