"""How many queries a page takes, whatever the number of its rows."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

UNCOUNTED = ("SAVEPOINT", "RELEASE", "SELECT set_config")


def queries_of(client: Client, url: str) -> int:
    """Queries of one GET that answers 200; savepoints and the walls' settings do not count."""
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200
    return sum(not query["sql"].startswith(UNCOUNTED) for query in captured.captured_queries)
