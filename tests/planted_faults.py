"""Plants one fault per guarantee, and shows that the tests named with it catch each one.

`python -m tests.planted_faults` plants all of them one after the other in a copy of the tree, and
prints a line for each: caught, missed, or stale where the text to change is gone. Give words of
names to plant some of them only. It takes about twenty minutes, so it is not part of a test run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PYTEST = ("-m", "pytest", "-q", "-x", "-p", "no:cacheprovider")
NOT_PLANTED = re.compile(r"^> .*# planted$", re.M)  # where the SQL of a fault fails
SET_UP = "            let_anyone_act()\n"  # in tests/conftest.py, as the owner of the database


class Fault(NamedTuple):
    """A change that breaks one guarantee: `old` becomes `new` in the file at `path`."""

    name: str
    tests: str
    path: str
    old: str
    new: str


def database(name: str, tests: str, sql: str) -> Fault:
    """A fault in the test database, planted by its owner."""
    planted = f"            connections['default'].cursor().execute({sql!r})  # planted\n"
    return Fault(name, tests, "tests/conftest.py", SET_UP, SET_UP + planted)


def without_trigger(name: str, tests: str, table: str, trigger: str) -> Fault:
    """Drop the table's triggers with names like this one."""
    return database(
        name,
        tests,
        f"""DO $$ DECLARE found text; planted boolean := false; BEGIN
            FOR found IN SELECT tgname FROM pg_trigger
                WHERE tgrelid = '{table}'::regclass AND tgname ~ '^(pgtrigger_)?{trigger}' LOOP
                EXECUTE format('DROP TRIGGER %I ON {table}', found); planted := true;
            END LOOP;
            IF NOT planted THEN RAISE 'no such trigger'; END IF;
        END $$""",
    )


def open_policy(table: str) -> str:
    return f"ALTER POLICY tenant ON {table} USING (true) WITH CHECK (true)"


WALLS = "tests/walls/test_catalogue.py"
PRIVILEGES = "tests/walls/test_privileges.py"
AUTHORS = "tests/walls/test_authors.py"
CHECK_INS = "tests/checkins"
OBJECTIVES = "tests/okrs/test_objective_commands.py"
CHAIN = "tests/decisions/test_verify_log.py"
OKRS, REVIEWS, STATUS = "tests/okrs tests/walls", "tests/reviews", "tests/status"
ESCALATIONS, UNDO = "tests/walls tests/escalations", "tests/checkins tests/walls"

# Triggers of the database, by the start of their names
TRIGGERS = [
    ("append-only: check-ins are changed", CHECK_INS, "checkins_checkin", "append_only"),
    ("append-only: decisions are changed", "tests/decisions", "decisions_decision", "append_only"),
    ("append-only: releases are changed", WALLS, "decisions_release", "append_only"),
    ("append-only: reports are changed", WALLS, "status_report", "append_only"),
    ("append-only: check-ins are emptied", CHECK_INS, "checkins_checkin", "never_truncated"),
    ("append-only: history is changed", WALLS, "okrs_keyresultevent", "append_only"),
    ("frozen: a closed review is changed", REVIEWS, "reviews_review", "frozen"),
    ("frozen: an agenda is changed after the close", REVIEWS, "reviews_agendaitem", "frozen"),
    ("frozen: a committed objective is deleted", OBJECTIVES, "okrs_objective", "not_deleted"),
    ("frozen: a committed key result is deleted", OBJECTIVES, "okrs_keyresult", "not_deleted"),
    ("history: a key result leaves none", OKRS, "okrs_keyresult", "update_update"),
    ("history: an escalation leaves none", ESCALATIONS, "escalations_escalation", "update_update"),
    ("history: an entry is made up", AUTHORS, "okrs_keyresultevent", "keyresultevent_written"),
    ("history: an undo changes an author's words", UNDO, "checkins_checkin", "undo_hands_on"),
    ("log: decisions are added without a seal", CHAIN, "decisions_decision", "decision_chain"),
    ("canary: a check-in leaves the page as it was", STATUS, "okrs_keyresult", "shows_on_status"),
]

# Changes of the code: name, the file and the tests that must fail, the old lines and the new ones
CODE = """
wall: a query without a scope is answered
tenancy/scoping.py < tests/walls/test_scopes.py
-         raise ScopeError("A scope on engagement needs to be active for this query.")
+         return None

wall: managers show every client
tenancy/models.py < tests/walls/test_scopes.py
- return queryset.filter(**{self.tenant: ids[0]})
+ return queryset

gate: a role without the permission gets in
engagements/access.py < tests/test_access.py
- if not may(membership.role, permission):
+ if False:

gate: viewers check in
engagements/permissions.py < tests/test_access.py
- Role.VIEWER: frozenset({Permission.READ_STATUS}),
+ Role.VIEWER: frozenset({Permission.READ_STATUS, Permission.CHECK_IN}),

gate: an expired share link opens
engagements/models/memberships.py < tests/engagements tests/status
- return self.revoked_at is None and now < self.expires_at
+ return self.revoked_at is None

gate: a revoked share link opens
engagements/models/memberships.py < tests/engagements tests/status
- return self.revoked_at is None and now < self.expires_at
+ return now < self.expires_at

gate: share links are guessed without a limit
engagements/access.py < tests/status/test_shared_status.py
- if limits.is_exceeded(limits.SHARE_LINK_GUESSES, network):
+ if False:

gate: a closed engagement takes changes
engagements/access.py < tests/engagements
- return reads or not request.engagement.is_closed
+ return True

lock: a role that was lost still writes
engagements/permissions.py < tests/walls/test_rights_under_lock.py
-     if not may(by.role, permission):
-         raise RightLost(NO_RIGHT
+     if False:
+         raise RightLost(NO_RIGHT

lock: a person who was removed still writes
engagements/permissions.py < tests/walls/test_rights_under_lock.py
- if by.removed_at is not None or is_active is False:
+ if False:

lock: an engagement that was closed is written to
engagements/permissions.py < tests/walls/test_rights_under_lock.py
- if by.engagement.is_closed and permission not in CHANGES_WHEN_CLOSED and not even_when_closed:
+ if False:

lock: a person who became a viewer still becomes an owner
engagements/permissions.py < tests/walls/test_rights_under_lock.py
- person.role, person.removed_at = current[person.pk]
+ pass

lock: an edit locks the engagement first
metrics/commands.py < tests/metrics
-     current: Metric = lock_for_edit(metric, version=version)
+     lock(by.engagement)
+     current: Metric = lock_for_edit(metric, version=version)

lock: rows are locked in the order given
tenancy/locks.py < tests/decisions tests/reviews tests/okrs
- sorted(wanted, key=lambda model: (place_of(model), model._meta.label))
+ sorted(wanted, key=lambda model: (-place_of(model), model._meta.label))

lock: rows are read without a lock
tenancy/locks.py < tests/walls
-     return locked
+     return queryset.order_by("pk")

history: a setting turns it off
tenancy/grants.py < tests/walls/test_authors.py
-         cursor.execute(IGNORES)

lock: a check-in reads its key result without a lock
checkins/commands/check_ins.py < tests/walls tests/escalations/test_at_once.py
-     lock(key_result)
+     pass

history: anyone writes in anyone's name
tenancy/constraints.py < tests/walls/test_authors.py
-         WHERE id = member AND removed_at IS NULL
-           AND user_id = nullif(current_setting('app.user', true), '')::bigint
+         WHERE id = member AND removed_at IS NULL

clock: a check-in is due by the server's clock
checkins/periods.py < tests/checkins
- dt.datetime.combine(due_on, rhythm.due_time, rhythm.zone)
+ dt.datetime.combine(due_on, rhythm.due_time, dt.UTC)

clock: a check-in on the minute is late
checkins/periods.py < tests/checkins
- if moment <= due_at:
+ if moment < due_at:

clock: a post fills the newest period first
checkins/periods.py < tests/checkins
- next((one for one in fillable if one.monday not in filled), fillable[-1])
+ next((one for one in reversed(fillable) if one.monday not in filled), fillable[-1])

clock: quiet hours end at midnight
accounts/models.py < tests/accounts
- return at >= since or at < until
+ return at >= since

clock: reminders come on holidays
notifications/hours.py < tests/notifications
- return not is_weekend and day not in _holidays(country.upper(), day.year)
+ return not is_weekend

clock: one red week opens an escalation
escalations/rule.py < tests/checkins/test_histories.py
- WEEKS_TO_FIRE = 2
+ WEEKS_TO_FIRE = 1

score: a line rises beyond its target
scoring/numbers.py < tests/scoring
- return hundredths(min(max(value, ZERO), ONE))
+ return hundredths(max(value, ZERO))

score: halves are rounded to even
scoring/numbers.py < tests/scoring
- EXACT = Context(prec=PRECISION, rounding=ROUND_HALF_UP)
+ EXACT = Context(prec=PRECISION, rounding="ROUND_HALF_EVEN")

score: a threshold itself does not count
scoring/scores.py < tests/scoring
- value >= rung.threshold if higher_is_better else value <= rung.threshold
+ value > rung.threshold if higher_is_better else value < rung.threshold

score: the lower bound of green is amber
scoring/bands.py < tests/scoring
- if rounded >= lower.green:
+ if rounded > lower.green:

score: no data counts zero before the end
scoring/objectives.py < tests/scoring
- if final or score is not None
+ if True

post: a form that is sent twice is stored twice
checkins/commands/check_ins.py < tests/checkins
-     if posted is not None:
+     if False:

post: a newer check-in is overwritten unseen
checkins/commands/check_ins.py < tests/checkins
- if newest is not None and newest.public_id != seen:
+ if False:

post: a form is taken without its token
config/settings.py < tests/test_access.py
-     "django.middleware.csrf.CsrfViewMiddleware",

mail: a message is marked before it is sent
mail/delivery.py < tests/mail
-     try:
-         is_out = _send(message, kind, server=server)
+     _mark(message, sent_at=clock())
+     try:
+         is_out = _send(message, kind, server=server)

mail: two workers claim one message
mail/delivery.py < tests/mail
-           AND due_at <= %s AND (claimed_until IS NULL OR claimed_until <= %s)
+           AND due_at <= %s AND (claimed_until IS NULL OR %s IS NOT NULL)

mail: a lease outlasts its worker
mail/delivery.py < tests/mail
- LEASE = timedelta(seconds=30)
+ LEASE = timedelta(minutes=30)

mail: a name starts a new header
mail/delivery.py < tests/mail
- subject=email_types.one_line(written.subject, most=MAX_SUBJECT),
+ subject=written.subject,

log: a changed text is not noticed
decisions/queries/chain.py < tests/decisions/test_verify_log.py
- FILTER (WHERE d.hash <> {digest("d")}) AS edited
+ FILTER (WHERE false) AS edited

canary: clients read internal decisions
decisions/queries/log.py < tests/status tests/test_canaries.py
- , client_visible=True

canary: clients read decisions before their release
decisions/queries/log.py < tests/status
-         may_read, released,
+         released,

page: no content security policy
config/settings.py < tests/test_access.py
-     "csp.middleware.CSPMiddleware",

page: a page is stored by a proxy
accounts/middleware.py < tests/test_access.py tests/accounts tests/engagements
- response["Cache-Control"] = "no-store"
+ pass

page: a share link is sent on to other sites
accounts/middleware.py < tests/status tests/engagements
- response["Referrer-Policy"] = policy
+ pass

page: a password is guessed without a limit
accounts/limits.py < tests/accounts
- if count(limit, *subject) > limit.amount), None)
+ if count(limit, *subject) < 0), None)

page: a page that is read writes
accounts/middleware.py < tests/walls/test_transactions.py
- read_only=request.method in SAFE_METHODS
+ read_only=False

page: a page is rendered before its command is committed
engagements/form_views.py < tests/walls/test_transactions.py
-     end_writing()
-     return result
+     return result

page: a NUL reaches the database
accounts/middleware.py < tests/test_request_bytes.py
-             raise BadRequest("The request holds a NUL character.")
+             pass
"""


def code(block: str) -> Fault:
    name, place, *lines = block.splitlines()
    path, tests = place.split(" < ")
    old, new = ("\n".join(one[2:] for one in lines if one[0] == sign) for sign in "-+")
    return Fault(name, tests, path, old, new)


FAULTS = [
    *map(code, CODE.strip().split("\n\n")),
    database(
        "wall: key results are not forced behind it",
        WALLS,
        "ALTER TABLE okrs_keyresult NO FORCE ROW LEVEL SECURITY",
    ),
    database("wall: check-ins of every client are shown", WALLS, open_policy("checkins_checkin")),
    database("wall: history of every client is shown", WALLS, open_policy("okrs_objectiveevent")),
    database(
        "wall: a key leads into another client",
        WALLS,
        "ALTER TABLE okrs_objective ADD FOREIGN KEY (cycle_id) REFERENCES okrs_cycle (id)",
    ),
    database(
        "wall: an index does not lead with the client",
        WALLS,
        "CREATE INDEX planted ON okrs_keyresult (title)",
    ),
    database(
        "wall: the application may delete decisions",
        PRIVILEGES,
        "GRANT DELETE ON decisions_decision TO plumbline_app",
    ),
    database(
        "wall: the application may empty a table",
        PRIVILEGES,
        "GRANT TRUNCATE ON okrs_team TO plumbline_app",
    ),
    database(
        "wall: the role of the jobs reads insights",
        PRIVILEGES,
        "GRANT SELECT ON checkins_checkin TO plumbline_sweep",
    ),
    *(without_trigger(*row) for row in TRIGGERS),
]


def main(words: list[str]) -> int:
    """Plant the faults whose names hold one of these words, all if none is given."""
    chosen = [one for one in FAULTS if not words or any(word in one.name for word in words)]
    results = {}
    with tempfile.TemporaryDirectory(prefix="plumbline-faults-") as folder:
        tree = Path(folder) / "tree"
        _copy(tree)
        for fault in chosen:
            results[fault.name] = _plant(fault, tree=tree)
            print(f"{results[fault.name]:7} {fault.name}", flush=True)  # noqa: T201
    caught = sum(result == "caught" for result in results.values())
    print(f"{caught} of {len(chosen)} planted faults are caught")  # noqa: T201
    return 0 if caught == len(chosen) else 1


def _copy(tree: Path) -> None:
    listed = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True)
    for name in listed.splitlines():
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def _plant(fault: Fault, *, tree: Path) -> str:
    """Return "caught" if a test fails, "missed" if all pass, "stale" if it cannot be planted.

    A test whose set-up fails counts as well, unless it is the fault's own SQL that fails.
    """
    file = tree / fault.path
    text = file.read_text() if file.exists() else ""
    if text.count(fault.old) != 1:
        return "stale"
    file.write_text(text.replace(fault.old, fault.new))
    try:
        command = [sys.executable, *PYTEST, *fault.tests.split()]
        run = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    finally:
        file.write_text(text)
    if run.returncode == 0:
        return "missed"
    is_stale = run.returncode != 1 or NOT_PLANTED.search(run.stdout)
    return "stale" if is_stale else "caught"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
