"""The chain of decisions and releases, written by the database: each row holds the hash before it."""

from __future__ import annotations

from typing import Any

from django.db import models

from tenancy.constraints import SCOPE, DeferredConstraint
from tenancy.models import NEW_PUBLIC_ID

TABLE, RELEASES, HEAD = "decisions_decision", "decisions_release", "decisions_decisionhead"
INSTANT = "to_char({{row}}.{} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
SEALED = {
    TABLE: [
        "engagement_id",
        "number",
        "public_id",
        "previous_hash",
        "to_char({row}.decided_on, 'YYYY-MM-DD')",
        "text",
        "owner_id",
        "to_char({row}.due_on, 'YYYY-MM-DD')",
        "change",
        "touches",
        "evidence",
        "client_visible",
        "occasion_kind",
        "occasion_id",
        "supersedes_id",
        "recorded_by_id",
        INSTANT.format("recorded_at"),
    ],
    RELEASES: [
        "engagement_id",
        "number",
        "public_id",
        "head_number",
        "head_hash",
        "occasion_kind",
        "occasion_id",
        "report_hash",
        "by_id",
        INSTANT.format("at"),
    ],
}


def sealed(row: str, *, table: str = TABLE) -> str:
    """Return SQL for the text that is hashed: every field of `row`, in one spelling.

    No session setting changes it: instants are UTC, jsonb has one spelling.
    """
    values = (one.format(row=row) if "(" in one else f"{row}.{one}" for one in SEALED[table])
    return f"jsonb_build_array({', '.join(values)})::text"


def digest(row: str, *, table: str = TABLE) -> str:
    """Return SQL for the hash of `row`, 64 hexadecimal digits."""
    return f"encode(sha256(convert_to({sealed(row, table=table)}, 'UTF8')), 'hex')"


PATH = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
# The epoch means that nothing has been recorded yet.
FIRST_HEAD = f"""
    INSERT INTO {HEAD} (engagement_id, public_id, number, released, hash, recorded_at)
    VALUES ({{}}, {NEW_PUBLIC_ID}, 0, 0, '', 'epoch') ON CONFLICT (engagement_id) DO NOTHING
"""
LOCK_HEAD = f"""
    CREATE FUNCTION lock_decision_head(wanted bigint) RETURNS SETOF {HEAD} {PATH} AS $lock$
    BEGIN
        IF (wanted = {SCOPE}) IS NOT TRUE THEN
            RAISE EXCEPTION 'this engagement is not in scope';
        END IF;
        {FIRST_HEAD.format("wanted")};
        RETURN QUERY SELECT * FROM {HEAD} WHERE engagement_id = wanted FOR UPDATE;
    END $lock$
"""


class ChainLink(DeferredConstraint):
    """A trigger that numbers and seals each row as it comes in, and moves the head.

    The functions run as the tables' owner, so that the application needs no right to write the
    head. Temporary tables come last in their search path, or one could replace the head. A row
    dated before the last decision is refused.
    """

    table, instant, link, moves = "", "", "", ""

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        function = quote(self.name)
        return [
            f"""
            CREATE FUNCTION {function}() RETURNS trigger {PATH} AS $chain$
            DECLARE head {HEAD};
            BEGIN
                {FIRST_HEAD.format("NEW.engagement_id")};
                SELECT * INTO head FROM {HEAD}
                WHERE engagement_id = NEW.engagement_id FOR UPDATE;
                IF NEW.{self.instant} < head.recorded_at THEN
                    RAISE EXCEPTION 'decisions are recorded one after the other';
                END IF;
                {self.link}
                NEW.hash := {digest("NEW", table=self.table)};
                UPDATE {HEAD} SET hash = NEW.hash, {self.moves}
                WHERE engagement_id = NEW.engagement_id;
                RETURN NEW;
            END $chain$
            """,
            (
                f"CREATE TRIGGER {function} BEFORE INSERT ON {self.table}"
                f" FOR EACH ROW EXECUTE FUNCTION {function}()"
            ),
        ]

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        function = schema_editor.quote_name(self.name)
        return f"DROP TRIGGER {function} ON {self.table}; DROP FUNCTION {function}()"


class DecisionChain(ChainLink):
    """The link of a decision."""

    table, instant = TABLE, "recorded_at"
    link = "NEW.number := head.number + 1; NEW.previous_hash := head.hash;"
    moves = "number = NEW.number, recorded_at = NEW.recorded_at"


class ReleaseChain(ChainLink):
    """The link of a release, with the number and hash of the last decision."""

    table, instant = RELEASES, "at"
    link = """
        NEW.number := head.released + 1;
        NEW.head_number := head.number;
        NEW.head_hash := head.hash;
    """
    moves = "released = NEW.number"


class HeadLock(DeferredConstraint):
    """The function by which commands lock the head, which they may not write.

    It creates a missing head, or two first decisions would not wait for each other.
    """

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        return [LOCK_HEAD]

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        return "DROP FUNCTION lock_decision_head(bigint)"
