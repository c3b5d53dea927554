"""The one order in which rows are locked, and the only place that locks them.

Two transactions that lock the same rows in two orders wait for each other until PostgreSQL ends
one of them. So every command and job locks and writes tables in this order, and the rows of a
table by primary key. A trigger's lock counts: the one that counts `status_version` up
locks the engagement, so the engagement comes last. So does a key's, which the commit takes on the
row pointed to: a draft, which may be deleted, is locked before another row is made to point to it.
Rows that are only written under the lock of their parent, such as the items of an agenda under that
of their review, need no lock of their own.

The names of a client (metrics, teams, cycles, addresses of its people) have one lock of their own,
`lock_names`, which an import holds while it writes. It comes before people and engagement, so that
no one who waits for it holds what a check-in needs.

The application has no right on the head of the decision log: a function of the database locks it,
which `decisions.commands.lock_head` calls.

A lock is FOR NO KEY UPDATE, which lets others insert rows that point to the locked one. An
exclusive one, FOR UPDATE, is for a row that is deleted, and for an engagement that is closed.
`permissions.require_right` holds the acting member, those to whom the command gives something and
then the engagement as it read them: members FOR SHARE, the engagement FOR KEY SHARE. So no change
of a role, removal or close comes between a command's check and its commit. Only commands about
members and the engagement ever wait for these. An import checks its owners under the lock of the
names instead, which a change of a role and a removal need too.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, TypeVar, TypeVarTuple, cast

from django.db import connection
from django.db.models import Model, QuerySet

Q = TypeVar("Q", bound=QuerySet[Any, Any])
Rows = TypeVarTuple("Rows")

OTHER = "other tables"
NAMES = "names"
LOCK_NAMES = "SELECT pg_advisory_xact_lock(hashtextextended('names', %s))"
ORDER = (
    "reviews.Review",
    "reviews.AgendaItem",
    "decisions.ActionItem",
    "okrs.Cycle",
    "okrs.Objective",
    "okrs.KeyResult",
    OTHER,  # before escalations, which follow an undo once it has closed its help requests
    "escalations.Escalation",
    "metrics.Metric",
    "decisions.DecisionHead",
    NAMES,
    "engagements.Membership",
    "engagements.Engagement",
)


def place_of(model: type[Model]) -> int:
    """Return where a table comes in the order."""
    return ORDER.index(model._meta.label if model._meta.label in ORDER else OTHER)


def lock(*rows: *Rows, exclusive: bool = False) -> tuple[*Rows]:
    """Lock these rows in the order above; return them as they are now, in the order given.

    Raises DoesNotExist for a row that is gone.
    """
    given: tuple[Any, ...] = rows
    wanted: dict[Any, set[Any]] = defaultdict(set)
    for row in given:
        wanted[row._meta.model].add(row.pk)
    fresh: dict[Any, dict[Any, Any]] = {}
    for model in sorted(wanted, key=lambda model: (place_of(model), model._meta.label)):
        found = locking(model._default_manager.filter(pk__in=wanted[model]), exclusive=exclusive)
        fresh[model] = {row.pk: row for row in found}
        if len(fresh[model]) < len(wanted[model]):
            raise model.DoesNotExist
    return cast("tuple[*Rows]", tuple(fresh[row._meta.model][row.pk] for row in given))


def locking(queryset: Q, *, exclusive: bool = False, skip_locked: bool = False) -> Q:
    """Return the queryset, by primary key, so that reading it locks its rows (not joined ones).

    With `skip_locked` rows that another transaction has locked are left out.
    """
    locked: Q = queryset.select_for_update(
        of=("self",), no_key=not exclusive, skip_locked=skip_locked
    ).order_by("pk")
    return locked


def locking_sql(sql: str, model: type[Model]) -> str:
    """Return the SQL so that it locks the rows of this table, which it names as they are stored."""
    table = model._meta.db_table
    return f'{sql} ORDER BY {table}.id FOR NO KEY UPDATE OF "{table}"'


def lock_names(engagement_id: int) -> None:
    """Let no one else add or change a name of this client until the transaction ends.

    Of two who use the same name, one waits and sees the other's.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK_NAMES, [engagement_id])


class StaleEdit(Exception):
    """Someone saved this row after the form was opened; `current` is the row now.

    Views answer 409 and show both versions, so that nothing typed is lost.
    """

    def __init__(self, current: Model) -> None:
        self.current = current
        super().__init__("Someone changed this while you were editing.")


def lock_for_edit(row: Any, *, version: int) -> Any:
    """Return the current row, locked until the transaction ends.

    Raises StaleEdit if the row no longer has the version of the form.
    """
    (current,) = lock(row)
    if current.version != version:
        raise StaleEdit(current)
    return current
