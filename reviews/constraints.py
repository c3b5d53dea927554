"""The chain of decisions, held by the database: each row carries the hash of the one before."""

from __future__ import annotations

from typing import Any

from django.db import models

from engagements.constraints import DeferredConstraint

TABLE, HEAD = "reviews_decision", "reviews_decisionhead"


def sealed(row: str) -> str:
    """SQL for the text that is hashed: every field of the decision `row`, none read two ways.

    No session setting shows in it: instants are UTC, jsonb has one spelling.
    """
    fields = [
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
        "review_id",
        "agenda_item_id",
        "supersedes_id",
        "recorded_by_id",
        "to_char({row}.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
    ]
    values = (one.format(row=row) if "(" in one else f"{row}.{one}" for one in fields)
    return f"jsonb_build_array({', '.join(values)})::text"


def digest(row: str) -> str:
    """SQL for the hash of the decision `row`, 64 hexadecimal digits."""
    return f"encode(sha256(convert_to({sealed(row)}, 'UTF8')), 'hex')"


class DecisionChain(DeferredConstraint):
    """Numbers and seals each decision as it comes in, whatever the statement says.

    The function runs as the tables' owner, so that the head needs no grant to anybody; temporary
    tables come last in its path, or one could stand in for the head. A decision that claims to be
    older than the last one is refused.
    """

    def statements(self, model: type[models.Model], quote: Any) -> list[str]:
        function = quote(self.name)
        return [
            f"""
            CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql
            SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $chain$
            DECLARE head {HEAD};
            BEGIN
                INSERT INTO {HEAD} (engagement_id, public_id, number, hash, recorded_at)
                VALUES (NEW.engagement_id, NEW.public_id, 0, '', NEW.recorded_at)
                ON CONFLICT (engagement_id) DO NOTHING;
                SELECT * INTO head FROM {HEAD}
                WHERE engagement_id = NEW.engagement_id FOR UPDATE;
                IF NEW.recorded_at < head.recorded_at THEN
                    RAISE EXCEPTION 'decisions are recorded one after the other';
                END IF;
                NEW.number := head.number + 1;
                NEW.previous_hash := head.hash;
                NEW.hash := {digest("NEW")};
                UPDATE {HEAD}
                SET number = NEW.number, hash = NEW.hash, recorded_at = NEW.recorded_at
                WHERE engagement_id = NEW.engagement_id;
                RETURN NEW;
            END $chain$
            """,
            (
                f"CREATE TRIGGER {function} BEFORE INSERT ON {TABLE}"
                f" FOR EACH ROW EXECUTE FUNCTION {function}()"
            ),
        ]

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        function = schema_editor.quote_name(self.name)
        return f"DROP TRIGGER {function} ON {TABLE}; DROP FUNCTION {function}()"
