from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reswap, retarget

from engagements import queries
from engagements.access import MemberRequest, find, member
from engagements.commands import handing_over
from engagements.commands.invitations import (
    correct_placeholder,
    invite_member,
    invite_members,
    invite_waiting,
    send_invitation,
    withdraw_invitation,
)
from engagements.commands.members import change_role, remove_member
from engagements.form_fields import who_can_own
from engagements.form_views import form_page, redirect_to, run_command, toast
from engagements.forms.inviting import InviteManyForm
from engagements.forms.members import HandOverForm, InviteForm, PlaceholderForm, RoleForm
from engagements.holdings import count_left, held_by, leavers
from engagements.models import Membership, Role
from engagements.permissions import Permission, may, may_here

PAGE = "engagements/member_list.html"
MOST_NAMED = 3  # names in a message, before it counts
TAB = {"tab": "members", "roles": Role.choices}


@require_safe
@member(Permission.READ)
def member_list(request: MemberRequest) -> HttpResponse:
    return _list(request, form=InviteForm())


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_invite(request: MemberRequest) -> HttpResponse:
    form, known = InviteForm(request.POST), _known(request)
    if not form.is_valid() or not (invited := run_command(form, invite_member, **known)):
        return _list(request, form=form, status=422)
    if not request.htmx:
        return _back(request, _sent([invited]))
    return toast(_list(request, form=InviteForm()), _sent([invited]))


@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_invite_many(request: MemberRequest) -> HttpResponse:
    form, known = InviteManyForm(request.POST or None), _known(request)
    if form.is_valid() and (invited := run_command(form, invite_members, **known)):
        messages.success(request, _sent(invited))
        return redirect_to(request, "engagements:member-list")
    return form_page(request, "engagements/member_invite_many.html", form=form, tab="members")


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_invite_waiting(request: MemberRequest) -> HttpResponse:
    try:
        invited = invite_waiting(**_known(request))
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
    else:
        if invited:
            messages.success(request, _sent(invited))
        else:
            messages.info(request, "Everyone has been invited already.")
    return redirect("engagements:member-list", request.engagement.slug)


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_send_invitation(request: MemberRequest, member: str) -> HttpResponse:
    row = _member(request, member)
    try:
        send_invitation(membership=row, by=request.membership, now=timezone.now())
    except ValidationError as refusal:
        return _row(request, row, refusal=refusal)
    return _row(request, row, text=_sent([row]))


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_withdraw_invitation(request: MemberRequest, member: str) -> HttpResponse:
    row = _member(request, member)
    withdraw_invitation(membership=row, by=request.membership, now=timezone.now())
    return _row(request, row, text=f"The invitation for {row.name} no longer works.")


@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_update(request: MemberRequest, member: str) -> HttpResponse:
    """Edit a person who has not joined; members change this in their profile."""
    row = _member(request, member)
    if not row.is_placeholder:
        return _back(
            request, "", refused=f"{row.name} has joined and changes this in their profile."
        )
    form = PlaceholderForm(request.POST or None, engagement=request.engagement, row=row)
    known = {"membership": row, "by": request.membership, "now": timezone.now()}
    if form.is_valid() and (saved := run_command(form, correct_placeholder, **known)):
        messages.success(request, f"{saved.name} is saved.")
        return redirect_to(request, "engagements:member-list")
    return form_page(request, "engagements/member_update.html", form=form, member=row, **TAB)


@require_POST
@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_change_role(request: MemberRequest, member: str) -> HttpResponse:
    row = _member(request, member)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _row(request, row, refusal=ValidationError("Choose one of the five roles."))
    was = row.role
    try:
        row = change_role(membership=row, by=request.membership, **form.cleaned_data)
    except ValidationError as refusal:
        return _row(request, row, refusal=refusal)
    text = f"{row.name} is {row.get_role_display().lower()} now."
    today = request.engagement.today(timezone.now())
    if leaves_items := row.role == Role.VIEWER and bool(held_by(row, today=today)):
        text += " Their items need another owner."
    if request.htmx and (leaves_items or Role.LEAD in (was, row.role)):
        # The number of leads decides which other rows may change; a notice counts the items.
        whole = retarget(_list(request, form=InviteForm()), "#members")
        return toast(reswap(whole, "outerHTML"), text)
    return _row(request, row, text=text)


@member(Permission.PLAN)
def hand_over(request: MemberRequest) -> HttpResponse:
    """Give the items of people who left to colleagues (M9.5)."""
    now = timezone.now()
    people = leavers(request.engagement, today=request.engagement.today(now))
    colleagues = who_can_own(request.engagement, named=[]).order_by("name", "id")
    forms = [HandOverForm(request.POST, leaver=one, colleagues=colleagues) for one in people]
    posted = next((form for form in forms if form.is_bound), None)
    if posted and posted.is_valid():
        known = {"leaver": posted.leaver.membership, "by": request.membership, "now": now}
        if count := run_command(posted, handing_over.hand_over, **known):
            colleague = posted.cleaned_data["to"]
            messages.success(request, f"{colleague} takes over {count} item{pluralize(count)}.")
            return redirect_to(request, "engagements:hand-over")
    if request.method == "POST" and not posted:
        messages.error(request, handing_over.GONE)
        return redirect_to(request, "engagements:hand-over")
    page = {"forms": forms, "left": sum(leaver.count for leaver in people), **TAB}
    return render(request, "engagements/hand_over.html", page, status=422 if posted else 200)


@member(Permission.MANAGE_MEMBERS, even_when_closed=True)
def member_remove(request: MemberRequest, member: str) -> HttpResponse:
    row = _member(request, member)
    held = held_by(row, today=request.engagement.today(timezone.now()))
    page = {"member": row, "held": held, **TAB}
    page["is_only_lead"] = queries.is_only_lead(row)
    if request.method != "POST":
        return render(request, "engagements/member_remove.html", page)
    try:
        remove_member(membership=row, by=request.membership, now=timezone.now())
    except ValidationError as refusal:
        page["refusal"] = refusal.messages[0]
        return render(request, "engagements/member_remove.html", page, status=422)
    if row == request.membership:
        messages.success(request, f"You have left {request.engagement}.")
        return redirect("/")
    if held and may_here(request.membership, Permission.PLAN):
        messages.success(request, f"{row.name} is removed. Choose who takes over.")
        return redirect("engagements:hand-over", request.engagement.slug)
    return _back(request, f"{row.name} is removed.")


def _known(request: MemberRequest) -> dict[str, Any]:
    """Return the arguments of the commands that invite."""
    return {"engagement": request.engagement, "by": request.membership, "now": timezone.now()}


def _member(request: MemberRequest, public_id: str) -> Membership:
    return find(Membership.objects.active().filter(engagement=request.engagement), public_id)


def _list(request: MemberRequest, *, form: InviteForm, status: int = 200) -> HttpResponse:
    people = queries.members(request.engagement, now=timezone.now())
    page = {
        "members": people,
        "to_join": sum(person.membership.is_placeholder for person in people),
        "to_invite": sum(
            person.membership.is_placeholder and not person.is_invited for person in people
        ),
        "left": _left(request),
        "form": form,
        "permissions": [(each.label, [may(role, each) for role in Role]) for each in Permission],
    }
    part = f"{PAGE}#members" if request.htmx else PAGE
    return render(request, part, {**page, **TAB}, status=status)


def _left(request: MemberRequest) -> int:
    """Count for a lead the items without an active owner."""
    if not may_here(request.membership, Permission.PLAN):
        return 0
    return count_left(request.engagement, today=request.engagement.today(timezone.now()))


def _row(
    request: MemberRequest,
    membership: Membership,
    *,
    text: str = "",
    refusal: ValidationError | None = None,
) -> HttpResponse:
    """Render the person's row for htmx, or else go to the list; errors appear in the row."""
    refused = refusal.messages[0] if refusal else ""
    if not request.htmx:
        return _back(request, text, refused=refused)
    row = queries.member(membership, now=timezone.now())
    context = {"row": row, "refused": refused, **TAB}
    response = render(request, f"{PAGE}#row", context, status=422 if refused else 200)
    return response if refused else toast(response, text)


def _back(request: MemberRequest, text: str, *, refused: str = "") -> HttpResponse:
    if refused:
        messages.error(request, refused)
    else:
        messages.success(request, text)
    return redirect("engagements:member-list", request.engagement.slug)


def _sent(invited: list[Membership]) -> str:
    if len(invited) == 1:
        return f"The invitation for {invited[0].name} is on its way."
    if len(invited) > MOST_NAMED:
        return f"{len(invited)} invitations are on their way."
    *others, last = [each.name for each in invited]
    return f"The invitations for {', '.join(others)} and {last} are on their way."
