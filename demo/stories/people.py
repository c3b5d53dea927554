"""The five people who sign in to the demo, and how they join a client's workspace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from accounts.models import User
from demo.stories.story import Person
from engagements.commands import accept_as_user, add_placeholder
from engagements.commands.invitations import issue_invitation
from engagements.links import invitation_token
from engagements.models import Membership
from tenancy.scoping import identity

PASSWORD = "plumbline-demo"  # noqa: S105 - known to everybody; production refuses to start with it
PEOPLE: Mapping[Person, str] = {
    Person.LEAD: "Jonas Bauer",
    Person.CONSULTANT: "Ines Marlow",
    Person.CHAMPION: "Lena Cho",
    Person.SPONSOR: "Priya Raman",
    Person.CLIENT: "Dana Whitlock",
}

Members = Mapping[Person, Membership]


def address(person: Person) -> str:
    return f"{person.value}@demo.test"


def make_users() -> dict[Person, User]:
    """Their accounts; one that is there already stays as it is."""
    return {person: _user(person) for person in PEOPLE}


def join(*, people: Mapping[Person, str], users: Mapping[Person, User], by: Membership) -> Members:
    """Let them in with their roles, as an accepted invitation would, without the mail."""
    members = {Person.LEAD: by}
    for person, role in people.items():
        member = add_placeholder(
            engagement=by.engagement,
            email=address(person),
            name=PEOPLE[person],
            role=role,
            by=by,
        )
        token = invitation_token(issue_invitation(membership=member, by=by))
        accept_as_user(token=token, user=users[person])
        member.refresh_from_db()
        members[person] = member
    return members


@contextmanager
def acting(member: Membership) -> Iterator[Membership]:
    """Let one of the people act, as a request of theirs would."""
    with identity(user_id=member.user_id):
        yield member


def _user(person: Person) -> User:
    found = User.objects.filter(email__iexact=address(person)).first()
    return found or User.objects.create_user(
        email=address(person), name=PEOPLE[person], password=PASSWORD
    )
