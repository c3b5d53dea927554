"""Histories of key results, and which escalation fires when (M7.1 to M7.4, M7.8).

They are played by `test_histories`, and stand as a table in `docs/domain.md`. Days are of 2026, on
the client's clock; a check-in without an hour is posted at 09:40. Unless something else is said:
Berlin, a check-in a week, the cycle runs from 1 January to 31 March, linear; then red is early
until 28 January, of a ladder until 2 March.
"""

from __future__ import annotations

from tests.checkins.playing import History

FORTNIGHTLY, MONTHLY = {"cadence": "biweekly"}, {"cadence": "monthly"}

HISTORIES = (
    # Weeks.
    History("Red in two weeks", "red 02-03, red 02-10, until 02-15", "opens 02-10 pace"),
    History("Red in one week", "red 02-03, amber 02-10, until 02-28", ""),
    History(
        "Red, better, red again", "red 02-03, amber 02-10, red 02-17, amber 02-24, until 03-08", ""
    ),
    History("Red, then silence", "red 02-03, until 02-22", "opens 02-16 00:00 pace"),
    History("Amber, then silence", "amber 02-03, until 03-15", ""),
    History(
        "Late, on the last minute of its week",
        "red 02-03, red 02-15 23:59, until 02-15",
        "opens 02-15 23:59 pace",
    ),
    History(
        "Late, in the week after: the close came first",
        "red 02-03, red 02-16 00:10, until 02-20",
        "opens 02-16 00:00 pace, to the sponsor 02-18 00:00 no_plan",
    ),
    History(
        "Early, on the Friday before: it stands for the week to come",
        "red 02-03, red 02-06, until 02-12",
        "opens 02-09 00:00 pace",
    ),
    History(
        "Better, on the Friday before: it leaves red at once",
        "red 02-03, red 02-10, amber 02-13, until 03-01",
        "opens 02-10 pace, recovers 02-13",
    ),
    History(
        "Early, in a week that has none of its own: the week closes first",
        "red 02-03, red 02-13, until 02-17",
        "opens 02-16 00:00 pace",
        engagement=FORTNIGHTLY,
    ),
    # Corrections and undo.
    History(
        "Corrected within the first week", "red 02-03, amber 02-05, red 02-10, until 02-15", ""
    ),
    History(
        "Corrected within the second week",
        "red 02-03, red 02-10, amber 02-12, until 03-01",
        "opens 02-10 pace, recovers 02-12",
    ),
    History(
        "Corrected twice within the week: the same one goes on",
        "red 02-03, red 02-10, amber 02-11, red 02-12, until 02-15",
        "opens 02-10 pace, recovers 02-11, reopens 02-12",
    ),
    History(
        "The better one is undone: the same one goes on",
        "red 02-03, red 02-10, amber 02-11, undo 02-12, until 02-15",
        "opens 02-10 pace, recovers 02-11, reopens 02-12",
    ),
    History(
        "The second red is undone: the first one still stands",
        "red 02-03, red 02-10, undo 02-11, until 02-15",
        "opens 02-10 pace",
    ),
    History("The only red is undone in its week", "red 02-03, undo 02-04, until 02-22", ""),
    History(
        "Corrected to better in a later week: it can only recover",
        "red 02-03, amber 02-17 08:00, until 03-01",
        "opens 02-16 00:00 pace, recovers 02-17 08:00",
        engagement=MONTHLY,
    ),
    History(
        "Corrected to red in a later week: the week that closed stays as it was",
        "amber 02-03, red 02-12, until 02-25",
        "opens 02-23 00:00 pace",
        engagement=MONTHLY,
    ),
    History(
        "Undone in a later week: it leaves red then",
        "red 02-03, undo 02-10, until 03-01",
        "",
        engagement=FORTNIGHTLY,
    ),
    # Other cadences: weeks are weeks.
    History(
        "Every two weeks, reported once",
        "red 02-03, until 02-17",
        "opens 02-16 00:00 pace",
        engagement=FORTNIGHTLY,
    ),
    History(
        "Every two weeks, reported twice in one period",
        "red 02-03, red 02-10, until 02-15",
        "opens 02-10 pace",
        engagement=FORTNIGHTLY,
    ),
    History(
        "Every month, reported once",
        "red 02-03, amber 03-03, until 03-22",
        "opens 02-16 00:00 pace, to the sponsor 02-23 00:00 no_plan, recovers 03-03",
        engagement=MONTHLY,
    ),
    # Early in the cycle.
    History(
        "Early red is watched until its pace is past",
        "red 01-06, red 01-13, red 01-20, red 01-27, until 02-05",
        "opens 01-13, turns active 02-02 00:00 pace, to the sponsor 02-04 00:00 no_plan",
    ),
    History(
        "Early red whose check-in comes once pace is past",
        "red 01-13, red 01-20, red 01-29, until 02-01",
        "opens 01-20, turns active 01-29 pace, to the sponsor 01-31 no_plan",
    ),
    History(
        "Early red with little confidence",
        "red 01-06, red 01-13 confidence 2, until 01-18",
        "opens 01-13 confidence",
    ),
    History(
        "Watched, then confidence falls",
        "red 01-06, red 01-13, red 01-20 confidence 2, until 01-21",
        "opens 01-13, turns active 01-20 confidence",
    ),
    History(
        "Early red with a blocker",
        "red 01-06, red 01-13 a blocker, until 01-18",
        "opens 01-13 blocker",
    ),
    History(
        "Watched, then a blocker opens",
        "red 01-06, red 01-13, red 01-20 a blocker, until 01-21",
        "opens 01-13, turns active 01-20 blocker",
    ),
    History(
        "Early red whose blocker is resolved before it fires",
        "red 01-06 a blocker, resolve 01-08, red 01-13, until 01-25",
        "opens 01-13",
    ),
    History(
        "Watched, and better in time",
        "red 01-06, red 01-13, amber 01-20, until 02-08",
        "opens 01-13, recovers 01-20",
    ),
    History(
        "Watched, and made active by hand",
        "red 01-06, red 01-13, activate 01-14, until 01-18",
        "opens 01-13, turns active 01-14 by_hand",
    ),
    History(
        "Early red where every red counts at once",
        "red 01-06, red 01-13, until 01-18",
        "opens 01-13 strict",
        engagement={"escalation": "strict"},
    ),
    History(
        "A ladder is early for longer",
        "red 02-03, red 02-10, red 02-17, red 02-24, red 03-02, until 03-11",
        "opens 02-10, turns active 03-09 00:00 pace, to the sponsor 03-11 00:00 no_plan",
        terms="ladder",
    ),
    History(
        "Yes or no: a no late in the cycle",
        "red 03-03, red 03-10, green 03-17, until 03-29",
        "opens 03-10 pace, recovers 03-17",
        terms="yes or no",
    ),
    # Answered, raised, decided.
    History(
        "Three red weeks without a plan",
        "red 02-03, red 02-10, red 02-17, until 02-22",
        "opens 02-10 pace, to the sponsor 02-17 no_plan",
    ),
    History(
        "Three red weeks without a plan, the third one silent",
        "red 02-03, red 02-10, until 02-24",
        "opens 02-10 pace, to the sponsor 02-23 00:00 no_plan",
    ),
    History(
        "A plan, and better by its checkpoint",
        "red 02-03, red 02-10, plan 02-11 checkpoint 02-24, red 02-17, amber 02-24, until 03-08",
        "opens 02-10 pace, recovers 02-24",
    ),
    History(
        "A plan, and red past its checkpoint",
        "red 02-03, red 02-10, plan 02-11 checkpoint 02-24, red 02-17, red 02-24, until 03-08",
        "opens 02-10 pace, to the sponsor 02-25 00:00 checkpoint",
    ),
    History(
        "A plan after the huddle was due",
        "red 02-03, red 02-10, plan 02-15 checkpoint 03-01, red 02-17, until 03-03",
        "opens 02-10 pace, to the sponsor 03-02 00:00 checkpoint",
    ),
    History(
        "With the sponsor, and better",
        "red 02-03, red 02-10, red 02-17, amber 02-24, until 03-08",
        "opens 02-10 pace, to the sponsor 02-17 no_plan, recovers 02-24",
    ),
    History(
        "Decided by the sponsor: it stays closed while the streak lasts",
        "red 02-03, red 02-10, red 02-17, decide 02-18, red 02-24, red 03-03, until 03-15",
        "opens 02-10 pace, to the sponsor 02-17 no_plan",
    ),
    History(
        "A second streak fires anew",
        "red 02-03, red 02-10, amber 02-17, red 02-24, red 03-03, until 03-08",
        "opens 02-10 pace, recovers 02-17, opens 03-03 pace",
    ),
    # Clocks.
    History(
        "The hours of the huddle run over a night without an hour",
        "red 03-10, red 03-17, red 03-24, activate 03-27, until 03-29",
        "opens 03-17, turns active 03-27 by_hand, to the sponsor 03-29 10:40 no_plan",
        terms="ladder",
        cycle=("02-01", "05-31"),
    ),
    History(
        "The hours of the huddle stand still at the weekend",
        "red 02-10, red 02-17, red 02-24, activate 02-27, until 03-03",
        "opens 02-17, turns active 02-27 by_hand, to the sponsor 03-03 no_plan",
        terms="ladder",
        engagement={"pauses_weekends": True},
    ),
    History(
        "The third week and the one to come said, while the huddle's hours run",
        "red 02-10, red 02-17, red 02-24, activate 02-25, red 02-27 08:00, until 02-27",
        "opens 02-17, turns active 02-25 by_hand, to the sponsor 02-27 no_plan",
        terms="ladder",
    ),
    History(
        "The week to come said early, the third one silent: its close comes first",
        "red 02-12, red 02-17, activate 02-18, red 02-27 08:00, until 03-02",
        "opens 02-17, turns active 02-18 by_hand, to the sponsor 03-02 00:00 no_plan",
        terms="ladder",
        engagement=FORTNIGHTLY,
    ),
    History(
        "No sweep ran for three weeks: nobody is raised past a huddle",
        "red 02-03, until 03-12",
        "opens 03-09 08:00 pace, to the sponsor 03-11 08:00 no_plan",
        sweeps_from="03-09 08:00",
    ),
    History(
        "Auckland: its weeks close on its own clock",
        "red 02-03, until 02-24",
        "opens 02-16 00:00 pace, to the sponsor 02-23 00:00 no_plan",
        engagement={"time_zone": "Pacific/Auckland"},
    ),
    History(
        "Honolulu: its weeks close on its own clock",
        "red 02-03, amber 02-15 22:00, until 03-01",
        "",
        engagement={"time_zone": "Pacific/Honolulu"},
    ),
    # The end of the cycle.
    History(
        "The last week of the cycle still fires, and is not raised",
        "red 03-24, red 03-31, until 04-30",
        "opens 03-31 pace",
    ),
    History(
        "The last week of the cycle closes red in silence",
        "red 03-24, until 04-30",
        "opens 04-06 00:00 pace",
    ),
    History(
        "A plan whose checkpoint lies after the cycle's last week",
        "red 03-17, red 03-24, plan 03-25 checkpoint 04-07, until 04-30",
        "opens 03-24 pace",
    ),
    History(
        "Three red weeks as the last week closes: it is not raised after it",
        "red 03-17, red 03-24, until 04-30",
        "opens 03-24 pace",
    ),
    History(
        "Raised within the last week of the cycle",
        "red 03-17, red 03-24, red 03-31, until 04-30",
        "opens 03-24 pace, to the sponsor 03-31 no_plan",
    ),
    History("Red in the last week only", "red 03-31, until 04-30", ""),
)
