"""The wall round the envelopes: their recipient and the sender role may read them."""

from __future__ import annotations

from typing import Any

from django.db.models.constraints import BaseConstraint


class EnvelopeWall(BaseConstraint):
    """A wall in which anyone inserts an envelope, its recipient reads it and the sender changes it."""

    def statements(self, model: Any, quote: Any) -> list[str]:
        table = quote(model._meta.db_table)
        mine = "user_id = nullif(current_setting('app.user', true), '')::bigint"
        return [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY post ON {table} FOR INSERT WITH CHECK (true)",
            f"CREATE POLICY read ON {table} FOR SELECT USING ({mine})",
            f"CREATE POLICY send ON {table} TO plumbline_sweep USING (true) WITH CHECK (true)",
        ]

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        schema_editor.deferred_sql.extend(self.statements(model, schema_editor.quote_name))
        return None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        return "; ".join(self.statements(model, schema_editor.quote_name))

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        policies = "".join(f"DROP POLICY {name} ON {table}; " for name in ("post", "read", "send"))
        return f"{policies}ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to check in Python: the database holds it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnvelopeWall) and self.name == other.name

    def __hash__(self) -> int:
        return hash((type(self), self.name))
