from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.deployment.installation import Installation, installed, migrate
from tests.deployment.servers import Cluster, postgres, system_redis

DEMO = "demo"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server that the start command `migrate` has brought up to date from nothing.

    A copy of its empty database, for the demo, which production would not start over.
    """
    with postgres() as cluster:
        migrate(cluster)
        copied = f"CREATE DATABASE {DEMO} TEMPLATE plumbline OWNER plumbline_owner"
        with psycopg.connect(cluster.admin, autocommit=True) as administrator:
            administrator.execute(copied)
        yield cluster


@pytest.fixture(scope="session")
def installation(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    folder: Path = tmp_path_factory.mktemp("installation")
    with system_redis() as broker, installed(cluster, broker=broker, folder=folder) as found:
        yield found
