"""A dump of one server, restored into another that is empty, is the same and as well guarded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.deployment.conftest import DEMO
from tests.deployment.installation import migrate, run, tool
from tests.deployment.servers import DATABASE, Cluster, postgres

pytestmark = pytest.mark.deployment

TABLES = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)
SEQUENCES = "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"
# All that guards a row: row level security, its policies, triggers that fire, and who may do what.
GUARDS = """
    SELECT relname, relrowsecurity, relforcerowsecurity,
        (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(relacl) AS one),
        (SELECT array_agg(attname || attacl::text ORDER BY attname) FROM pg_attribute
            WHERE attrelid = c.oid AND attacl IS NOT NULL),
        (SELECT array_agg(polname::text ORDER BY polname) FROM pg_policy WHERE polrelid = c.oid),
        (SELECT array_agg(tgname::text ORDER BY tgname) FROM pg_trigger
            WHERE tgrelid = c.oid AND tgenabled = 'O' AND NOT tgisinternal),
        (SELECT array_agg(conname || pg_get_constraintdef(oid) ORDER BY conname)
            FROM pg_constraint WHERE conrelid = c.oid AND convalidated)
    FROM pg_class AS c
    WHERE relkind IN ('r', 'S') AND relnamespace = 'public'::regnamespace
    ORDER BY relname
"""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A database on a server, seen by its owner."""

    cluster: Cluster
    database: str

    def rows(self, statement: str, *, role: str = "plumbline_owner") -> list[tuple[object, ...]]:
        with psycopg.connect(self.cluster.url(role, database=self.database)) as connection:
            return connection.execute(statement).fetchall()

    def counts(self) -> dict[object, object]:
        """The rows of every table."""
        tables = [name for (name,) in self.rows(TABLES)]
        return {name: self.rows(f'SELECT count(*) FROM "{name}"')[0][0] for name in tables}

    def manage(self, *arguments: str, **told: str) -> str:
        addresses = self.cluster.addresses(database=self.database)
        return run("manage.py", *arguments, told={**addresses, **told})


@pytest.fixture(scope="module")
def original(cluster: Cluster) -> Copy:
    """The demo: four clients with histories, reviews and decisions."""
    copy = Copy(cluster=cluster, database=DEMO)
    copy.manage("load_demo", PLUMBLINE_DEMO="1", REDIS_URL="redis://127.0.0.1:1/0")
    return copy


@pytest.fixture(scope="module")
def restored(original: Copy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    dump = tmp_path_factory.mktemp("backup") / "plumbline.dump"
    written = ["--format", "custom", "--file", str(dump)]
    tool("pg_dump", *written, "--dbname", DEMO, cluster=original.cluster)
    with postgres() as empty:
        copy = Copy(cluster=empty, database=DATABASE)
        copy.manage("bootstrap_roles", DATABASE_ADMIN_URL=empty.admin)
        whole = ["--exit-on-error", "--single-transaction"]
        tool("pg_restore", *whole, "--dbname", DATABASE, str(dump), cluster=empty)
        # Grants anew: under the roles' defaults, tables came back with more.
        assert "No migrations to apply." in migrate(empty)
        yield copy


def test_every_table_has_as_many_rows(original: Copy, restored: Copy) -> None:
    counts = restored.counts()

    assert counts == original.counts()
    assert len(counts) > 50
    assert counts["decisions_decision"] == 9
    assert restored.rows(SEQUENCES) == original.rows(SEQUENCES)


def test_the_decision_logs_prove_themselves_as_before(original: Copy, restored: Copy) -> None:
    said = restored.manage("verify_log")

    assert said == original.manage("verify_log")
    assert "northwind: 4 decisions, intact, head 4:" in said


def test_all_that_guards_a_row_stands_as_before(original: Copy, restored: Copy) -> None:
    guards = restored.rows(GUARDS)

    assert guards == original.rows(GUARDS)
    assert sum(forced is True for _, _, forced, *_ in guards) > 20


@pytest.mark.parametrize("role", ["plumbline_app", "plumbline_sweep"])
def test_the_application_sees_no_client_without_a_scope(restored: Copy, role: str) -> None:
    if role == "plumbline_app":
        assert restored.rows("SELECT id FROM okrs_keyresult", role=role) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        restored.rows("DELETE FROM decisions_decision", role=role)
