"""Lakeside Scheduling: the last week, with the next cycle in draft."""

from __future__ import annotations

import datetime as dt

from demo.stories import agreed, answered
from demo.stories.story import (
    FRIDAY_BEFORE,
    TUESDAY,
    WEDNESDAY,
    ClientStory,
    DraftStory,
    KeyResultStory,
    Person,
    Read,
    Told,
)

CUSTOMERS = KeyResultStory(
    metric="Paying customers",
    at=dt.time(8, 20),
    evidence="https://billing.lakeside.example/customers",
    fetched_by="Founder",
    told=(
        Told(
            read=Read(ago=7, value="3620", confidence=3),
            insight="Sign-ups hold, but one in six leaves after the first invoice.",
            next_action="Call twelve that left and ask what the invoice surprised them with",
        ),
        Told(
            read=Read(ago=6, value="3710", confidence=3),
            insight="Nine of twelve had added seasonal crews and paid for them all year.",
            next_action="Price crews by the month",
        ),
        Told(
            read=Read(ago=4, value="3985", confidence=3),
            insight="Monthly crews are chosen by half of the new customers; churn fell by a third.",
            next_action="Move customers with seasonal crews over before they ask",
        ),
        Told(
            read=Read(ago=3, value="4120", confidence=3),
            insight="Four of five accept the move and some add crews that they had taken out.",
            next_action="Tell the story of one roofer in the newsletter",
        ),
        Told(
            read=Read(ago=2, value="4090", confidence=2, day=TUESDAY),
            insight="The first fall since the move: a builder with forty seats closed.",
            next_action="See how many customers stand for more than thirty seats",
        ),
        Told(
            read=Read(ago=1, value="4340", confidence=3),
            insight="Six such customers, four of them content. The roofer brought ninety trials.",
            next_action="Visit the two large ones that are not content",
        ),
        Told(
            read=Read(ago=0, value="4460", confidence=3, day=TUESDAY),
            insight="Short of 5,000, and above anything the old pricing would have given.",
            next_action="Write the lesson on seasonal pricing for the end review",
        ),
    ),
)

LEADS = KeyResultStory(
    metric="Monthly MQLs",
    owner=Person.CONSULTANT,
    at=dt.time(9, 5),
    evidence="https://crm.lakeside.example/leads",
    fetched_by="Marketing lead",
    told=(
        Told(
            read=Read(ago=7, value="236", confidence=3),
            insight="Search brings builders of one house; the ones we want ask their supplier.",
            next_action="Talk to two suppliers about a place in their order mail",
        ),
        Told(
            read=Read(ago=5, value="281", confidence=3),
            insight="One supplier said yes. Its readers ask for prices at once, so show them.",
            next_action="Put the price table on the page that the mail links to",
        ),
        Told(
            read=Read(ago=4, value="332", confidence=3),
            insight="With prices shown, fewer write and more of them qualify.",
            next_action="Win the second supplier with the figures of the first",
        ),
        Told(
            read=Read(ago=3, value="318", confidence=3),
            insight="The order mail was skipped this week, and the figure shows it.",
            next_action="Agree on fixed dates with the supplier",
        ),
        Told(
            read=Read(ago=1, value="365", confidence=2),
            insight="Both suppliers are in. The second one reaches plumbers, who book later.",
            next_action="Give plumbers a reminder for the month before their season",
        ),
        Told(
            read=Read(ago=0, value="380", confidence=2, day=FRIDAY_BEFORE),
            insight="500 is out of reach this time; two suppliers gave us what search never did.",
            next_action="Propose supplier mails as the main bet of the next cycle",
        ),
    ),
)

SALES_CYCLE = KeyResultStory(
    metric="Sales cycle",
    owner=Person.CONSULTANT,
    at=dt.time(9, 35),
    fetched_by="Sales lead",
    told=(
        Told(
            read=Read(ago=6, value="43", confidence=3),
            insight="Deals wait nine days on average for a security questionnaire.",
            next_action="Fill in the twenty questions that come every time",
        ),
        Told(
            read=Read(ago=5, value="41", confidence=3),
            insight="The prepared answers save six days where the buyer takes them as they are.",
            next_action="Ask three buyers what their own form has that ours lacks",
        ),
        Told(
            read=Read(ago=3, value="42.5", confidence=2),
            insight="One long deal closed and pulled the mean up; the median fell to 38.",
            next_action="Show mean and median side by side, and keep scoring the mean",
        ),
        Told(
            read=Read(ago=2, value="38", confidence=3, day=WEDNESDAY),
            insight="Questionnaires are no longer the wait. Now it is the site manager’s signature.",
            next_action="Let site managers sign on the phone",
        ),
        Told(
            read=Read(ago=1, value="36.5", confidence=2),
            insight="Signing by phone takes a day; half of the contractors still want paper.",
            next_action="Bring a printed contract to the second visit",
            help_needed="A sentence from legal that a phone signature binds in every state.",
        ),
    ),
)

PILOT = KeyResultStory(
    metric="Pilot signed",
    at=dt.time(11, 15),
    evidence="https://crm.lakeside.example/deals/pilot",
    fetched_by="Enterprise rep",
    told=(
        Told(
            read=Read(ago=6, value="0", confidence=2),
            insight="Two of the top ten would try it, and both want their own sign-in.",
            next_action="Ask engineering what single sign-on would take",
        ),
        Told(
            read=Read(ago=4, value="0", confidence=3),
            insight="Three weeks of work, and one contractor agrees to start without it.",
            next_action="Send the pilot terms to that contractor",
            blocker="Their purchasing board meets once a month.",
            resolved=True,
        ),
        Told(
            read=Read(ago=2, value="0", confidence=4),
            insight="The board said yes; their lawyers changed two clauses that we can live with.",
            next_action="Return the contract with both clauses by Thursday",
        ),
        Told(
            read=Read(ago=1, value="1", confidence=5),
            insight="Signed on Monday for three sites and sixty crews.",
            next_action="Name one person on each side who answers for the first site",
        ),
        Told(
            read=Read(ago=0, value="1", confidence=5, day=TUESDAY),
            insight="The first site has its crews in; what convinced them was the yes of a foreman.",
            next_action="Ask the foreman to speak at the end review",
        ),
    ),
)

RETENTION = KeyResultStory(
    metric="Day-7 retention",
    owner=Person.CHAMPION,
    at=dt.time(8, 40),
    evidence="https://product.lakeside.example/retention",
    fetched_by="Product lead",
    told=(
        Told(
            read=Read(ago=7, value="33", confidence=3),
            insight="Crews open the plan in the morning; where it is old by nine they stop looking.",
            next_action="Show when the plan was last changed",
        ),
        Told(
            read=Read(ago=6, value="35", confidence=3),
            insight="The time stamp made foremen change plans earlier, which we did not expect.",
            next_action="Send the crew a note when today’s plan changes",
        ),
        Told(
            read=Read(ago=5, value="34", confidence=3),
            insight="Too many notes: two crews switched them off on the first day.",
            next_action="One note at six in the morning, and none for small changes",
        ),
        Told(
            read=Read(ago=3, value="39", confidence=4),
            insight="The six o’clock note is opened by seven in ten.",
            next_action="Let a crew answer the note when somebody is missing",
        ),
        Told(
            read=Read(ago=1, value="42", confidence=4),
            insight="Answering is used daily. Foremen say that it saves them three calls.",
            next_action="Find out why painters do not answer",
        ),
        Told(
            read=Read(ago=0, value="43", confidence=4, day=TUESDAY),
            insight="Painters share one phone per crew. For everybody else the goal is met.",
            next_action="Sketch how one phone can answer for a whole crew",
        ),
    ),
)

KEYWORDS = KeyResultStory(
    metric="Top-three keywords",
    at=dt.time(10, 20),
    fetched_by="SEO lead",
    told=(
        Told(
            read=Read(ago=7, value="1", confidence=3),
            insight="We rank for our name and for nothing that a contractor would type.",
            next_action="Collect the words of thirty support calls",
        ),
        Told(
            read=Read(ago=5, value="5", confidence=3),
            insight="Pages in the callers’ own words rise within ten days.",
            next_action="Rewrite the five pages with the most visits that way",
        ),
        Told(
            read=Read(ago=4, value="4", confidence=2),
            insight="A directory overtook us on crew calendar and holds a page per city.",
            next_action="Leave that word and take the three that it does not cover",
        ),
        Told(
            read=Read(ago=2, value="3", confidence=2),
            insight="One more word is lost; the three new pages stand at five, seven and eight.",
            next_action="Get the trade journal to link the scheduling guide",
        ),
        Told(
            read=Read(ago=1, value="2", confidence=1, day=WEDNESDAY),
            insight="The journal’s link lifted one page, and the directory took two others.",
            next_action="Say in the end review whether search is still our bet",
        ),
    ),
)

NEXT_CYCLE = DraftStory(
    title="Make every new crew feel at home on its first site",
    why_now="Crews that plan the first site with us stay; those that start late leave.",
    metric="Day-7 retention",
    ready="Day-seven retention of crews on their first site",
    baseline="43",
    target="54",
    unfinished="Foremen who recommend us to another foreman",
)

LAKESIDE = ClientStory(
    client_name="Lakeside Scheduling",
    slug="lakeside",
    settings={
        "time_zone": "America/Denver",
        "country": "US",
        "due_weekday": 0,
        "due_time": dt.time(12),
        "guardrails": "small_business",
        "vision": "Every crew knows at six in the morning where it works today.",
        "strategy_themes": ["Trusted by crews", "Bought by large contractors"],
    },
    week=13,
    committed_in_week=6,
    people={Person.CONSULTANT: "contributor", Person.CHAMPION: "champion"},
    champions={"Engineering": Person.CHAMPION},
    access="The Lakeside leadership team, and Ines Marlow",
    key_results=(CUSTOMERS, LEADS, SALES_CYCLE, PILOT, RETENTION, KEYWORDS),
    draft=NEXT_CYCLE,
    meetings=agreed.LAKESIDE,
    answers=answered.LAKESIDE,
)
