"""The client's lines of the shipped file, with the cycle and the owners that the demo gives it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import okrs
from demo.stories.dates import Span
from demo.stories.people import PEOPLE, address
from demo.stories.story import ClientStory

SHIPPED = Path(okrs.__file__).parent / "data" / "okrs.csv"


def sheet_of(story: ClientStory, *, cycle: Span) -> bytes:
    """A file to import: the importer never shifts a date, so they are shifted here."""
    with SHIPPED.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        lines = [line for line in reader if line["engagement"] == story.client_name]
        columns = reader.fieldnames or []
    owners = {one.metric: one.owner for one in story.key_results}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    for line in lines:
        line |= {"cycle": cycle.name, "due_on": cycle.ends_on.isoformat()}
        if owner := owners[line["metric"]]:
            line |= {"owner": PEOPLE[owner], "owner_email": address(owner)}
        writer.writerow(line)
    return text.getvalue().encode()
