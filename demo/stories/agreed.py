"""What the four clients decided in their reviews, and who does what next."""

from __future__ import annotations

from demo.stories.story import THURSDAY, TUESDAY, WEDNESDAY, Decided, Meeting, Person, ToDo

NORTHWIND = (
    Meeting(
        kind="monthly",
        ago=2,
        day=TUESDAY,
        headline="Reliability is being won back; expansion has not begun to move.",
        decided=(
            Decided(
                text="Open the billing connection to team leads, not to admins only.",
                metric="30-day expansion",
                owner=Person.CONSULTANT,
                change="bet",
            ),
            Decided(
                text="Lend one engineer from Reporting to Platform until the cycle ends.",
                metric="API latency p95",
                owner=Person.CHAMPION,
                change="resources",
                due=7,
            ),
            Decided(
                text="Tell tier-one customers of an incident within thirty minutes.",
                metric="Enterprise NPS",
                owner=Person.CONSULTANT,
                change="priority",
            ),
            Decided(
                text="Stop the expansion bet if it stands below eight percent at the next review.",
                metric="30-day expansion",
                owner=Person.LEAD,
                change="bet",
                due=28,
                client_visible=False,
            ),
        ),
        to_do=(
            ToDo(
                what="Name one owner of the job queue for the night",
                owner=Person.CHAMPION,
                due=3,
                done=2,
                metric="Tier-one incidents",
            ),
            ToDo(
                what="Bring an estimate of what splitting the finance role takes",
                owner=Person.CONSULTANT,
                due=8,
                metric="30-day expansion",
            ),
            ToDo(
                what="List what the last forty accounts used before they grew",
                owner=Person.CONSULTANT,
                due=18,
                metric="30-day expansion",
            ),
        ),
        note="The figures were on the table before we met. It was the shortest review so far.",
        next_steps="The next review asks whether the billing connection moves expansion.",
    ),
)
HARBOR = (
    Meeting(
        kind="monthly",
        ago=2,
        day=WEDNESDAY,
        headline="More first buyers return; joining the loyalty programme still takes too long.",
        decided=(
            Decided(
                text="Mail the voucher on the day of collection and stop printing it.",
                metric="Repeat purchase rate",
                owner=Person.CONSULTANT,
                change="bet",
            ),
            Decided(
                text="Ask Harbor IT for two loyalty loads a day.",
                metric="Onboarding time",
                owner=Person.LEAD,
                change="priority",
            ),
        ),
        to_do=(
            ToDo(
                what="Agree with Harbor IT when the second load may run",
                owner=Person.LEAD,
                due=7,
                metric="Onboarding time",
            ),
        ),
        next_steps="The fitting offer for clothing is tried for a fortnight.",
    ),
)
LAKESIDE = (
    Meeting(
        kind="monthly",
        ago=5,
        day=THURSDAY,
        headline="Monthly crews are wanted; the pilot waits for a sign-in of its own.",
        decided=(
            Decided(
                text="Offer seasonal crews by the month.",
                metric="Paying customers",
                owner=Person.CONSULTANT,
                change="bet",
            ),
            Decided(
                text="Build no sign-in of its own; find the contractor that starts without.",
                metric="Pilot signed",
                owner=Person.CHAMPION,
                change="priority",
            ),
        ),
        to_do=(
            ToDo(
                what="Call the three contractors that were named",
                owner=Person.CONSULTANT,
                due=7,
                done=6,
                metric="Pilot signed",
            ),
        ),
        next_steps="Two suppliers are asked to carry our prices in their order mail.",
    ),
    Meeting(
        kind="monthly",
        ago=1,
        day=THURSDAY,
        headline="The pilot is signed; leads and rankings will fall short.",
        decided=(
            Decided(
                text="Put search to rest and give its time to the suppliers.",
                metric="Top-three keywords",
                owner=Person.CHAMPION,
                change="resources",
            ),
        ),
        to_do=(
            ToDo(
                what="Write down what convinced the foreman, for the next pilot",
                owner=Person.CONSULTANT,
                due=5,
                metric="Pilot signed",
            ),
        ),
        next_steps="The set of the next cycle is drafted.",
    ),
)
