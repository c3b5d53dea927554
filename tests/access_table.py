"""Who gets which answer where: one row per URL name. A URL without a row fails the suite.

The audiences are written out here by hand, apart from the code's own table of permissions, so
that a slip in that table shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ROLES = ("viewer", "contributor", "champion", "lead", "sponsor")
OUTSIDERS = ("stranger", "removed")  # a member of another engagement; a removed member
LINKS = ("open link", "expired link", "revoked link")  # who holds a share link and has followed it
VISITORS = ("anonymous", *LINKS)
ACTORS = (*VISITORS, *ROLES, *OUTSIDERS)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")

ANYBODY = frozenset(ACTORS)
SIGNED_IN = ANYBODY - frozenset(VISITORS)
READERS = frozenset(ROLES)
MEMBERS = frozenset({"contributor", "champion", "lead", "sponsor"})
DRAFTERS = frozenset({"contributor", "champion", "lead"})
COMMITTERS = frozenset({"champion", "lead"})
LEADS = frozenset({"lead"})
LEADS_OF_ANY = frozenset({"lead", "stranger"})
RULERS = frozenset({"lead", "sponsor"})
DECIDERS = frozenset({"champion", "lead", "sponsor"})


@dataclass(frozen=True)
class Row:
    """`get` and `post` name who is let in; None means that the method is not offered."""

    get: frozenset[str] | None = None
    post: frozenset[str] | None = None
    # Answers to those let in that are right here though they read as refusals elsewhere.
    also: frozenset[int] = field(default_factory=frozenset)
    # The address is the key: each actor tries the link that they hold, others an open one.
    by_link: bool = False

    def audience(self, method: str) -> frozenset[str] | None:
        return {"GET": self.get, "HEAD": self.get, "POST": self.post}.get(method)


TABLE: dict[str, Row] = {
    # For the operator's probes
    "health-live": Row(get=ANYBODY),
    "health-ready": Row(get=ANYBODY),
    # Sign-in
    "account_login": Row(get=ANYBODY, post=ANYBODY),
    "account_signup": Row(get=ANYBODY, post=ANYBODY),  # another name of sign-in
    "account_logout": Row(get=ANYBODY, post=ANYBODY, also=frozenset({302})),
    "account_inactive": Row(get=ANYBODY),
    "account_request_login_code": Row(get=ANYBODY, post=ANYBODY),
    "account_confirm_login_code": Row(get=ANYBODY, post=ANYBODY),
    "account_reset_password": Row(get=ANYBODY, post=ANYBODY),
    "account_reset_password_done": Row(get=ANYBODY),
    "account_reset_password_from_key": Row(get=ANYBODY, post=ANYBODY),
    "account_reset_password_from_key_done": Row(get=ANYBODY),
    "account_change_password": Row(get=SIGNED_IN, post=SIGNED_IN),
    "account_set_password": Row(get=SIGNED_IN, post=SIGNED_IN),
    # People
    "engagements:invitation-accept": Row(get=ANYBODY, post=ANYBODY, also=frozenset({404})),
    "notifications:profile": Row(get=SIGNED_IN, post=SIGNED_IN),
    "notifications:sessions-end": Row(post=SIGNED_IN),
    "engagements:address-change": Row(get=SIGNED_IN, post=SIGNED_IN),
    "engagements:address-confirm": Row(get=SIGNED_IN, post=SIGNED_IN, also=frozenset({404})),
    "notifications:notices-stop": Row(get=ANYBODY, post=ANYBODY, also=frozenset({404})),
    "engagements:engagement-create": Row(get=LEADS_OF_ANY, post=LEADS_OF_ANY),
    "engagements:settings": Row(get=MEMBERS, post=LEADS),
    "engagements:engagement-close": Row(get=LEADS, post=LEADS),
    "engagements:engagement-reopen": Row(post=LEADS),
    "engagements:member-list": Row(get=MEMBERS),
    "engagements:member-invite": Row(post=LEADS),
    "engagements:member-invite-many": Row(get=LEADS, post=LEADS),
    "engagements:member-invite-waiting": Row(post=LEADS),
    "engagements:member-send-invitation": Row(post=LEADS),
    "engagements:member-withdraw-invitation": Row(post=LEADS),
    "engagements:member-update": Row(get=LEADS, post=LEADS),
    "engagements:member-change-role": Row(post=LEADS),
    "engagements:hand-over": Row(get=LEADS, post=LEADS),
    "engagements:member-remove": Row(get=LEADS, post=LEADS),
    "engagements:share-link-list": Row(get=MEMBERS),
    "engagements:share-link-create": Row(post=LEADS),
    "engagements:share-link-update": Row(get=LEADS, post=LEADS),
    "engagements:share-link-revoke": Row(post=LEADS),
    # The metric dictionary
    "metrics:metric-list": Row(get=MEMBERS),
    "metrics:metric-detail": Row(get=MEMBERS),
    "metrics:metric-create": Row(get=DRAFTERS, post=DRAFTERS),
    "metrics:metric-update": Row(get=DRAFTERS, post=DRAFTERS),
    "metrics:metric-archive": Row(post=DRAFTERS),
    # Cycles, teams, objectives, key results
    "okrs:board": Row(get=MEMBERS),
    "okrs:cycle-list": Row(get=MEMBERS),
    "okrs:cycle-detail": Row(get=MEMBERS),
    "okrs:cycle-create": Row(get=LEADS, post=LEADS),
    "okrs:cycle-update": Row(get=LEADS, post=LEADS),
    "imports:sheet-import": Row(get=LEADS, post=LEADS),
    "imports:sheet-example": Row(get=LEADS),
    "imports:sheet-detail": Row(get=LEADS, post=LEADS),
    "imports:sheet-problems": Row(get=LEADS),
    "okrs:team-list": Row(get=MEMBERS),
    "okrs:team-create": Row(get=LEADS, post=LEADS),
    "okrs:team-update": Row(get=LEADS, post=LEADS),
    "okrs:objective-detail": Row(get=MEMBERS),
    "okrs:objective-create": Row(get=DRAFTERS, post=DRAFTERS),
    "okrs:objective-check": Row(post=DRAFTERS),
    "okrs:objective-update": Row(get=DRAFTERS, post=DRAFTERS),
    "okrs:objective-audit": Row(post=DRAFTERS),
    "okrs:objective-discard": Row(post=DRAFTERS),
    "okrs:objective-commit": Row(post=COMMITTERS),
    "okrs:key-result-create": Row(get=DRAFTERS, post=DRAFTERS),
    "okrs:key-result-check": Row(post=DRAFTERS),
    "okrs:key-result-update": Row(get=DRAFTERS, post=DRAFTERS),
    "okrs:key-result-discard": Row(post=DRAFTERS),
    "okrs:key-result-audit": Row(post=DRAFTERS),
    "okrs:contribution-create": Row(post=DRAFTERS),
    "okrs:contribution-delete": Row(post=DRAFTERS),
    # The engagement's home
    "workspace:home": Row(get=READERS),  # viewers are led on to the status page
    "workspace:engagement-export": Row(get=LEADS),
    # What clients see
    "status:status": Row(get=READERS),
    "status:report-list": Row(get=READERS),
    "status:report-detail": Row(get=READERS),
    "status:report-create": Row(get=LEADS, post=LEADS),
    # Decisions and actions
    "decisions:decision-list": Row(get=MEMBERS),
    "reviews:decision-supersede": Row(get=DECIDERS, post=DECIDERS),
    "decisions:objective-decisions": Row(get=MEMBERS),
    "decisions:key-result-decisions": Row(get=MEMBERS),
    "decisions:action-list": Row(get=MEMBERS),
    "decisions:action-done": Row(post=MEMBERS),
    "decisions:action-reopen": Row(post=MEMBERS),
    "decisions:action-drop": Row(post=MEMBERS),
    # Reviews
    "reviews:review-list": Row(get=MEMBERS),
    "reviews:review-detail": Row(get=MEMBERS),
    "reviews:live-review": Row(get=MEMBERS),
    "reviews:review-clock": Row(get=MEMBERS),
    "reviews:review-create": Row(get=LEADS, post=LEADS),
    "reviews:review-update": Row(get=LEADS, post=LEADS),
    "reviews:review-close": Row(get=LEADS, post=LEADS),
    "reviews:review-cancel": Row(post=LEADS),
    "reviews:review-draw": Row(post=LEADS),
    "reviews:review-start": Row(get=LEADS, post=LEADS),
    "reviews:review-next": Row(post=LEADS),
    "reviews:review-previous": Row(post=LEADS),
    "reviews:attendance-mark": Row(post=LEADS),
    "reviews:item-show": Row(post=LEADS),
    "reviews:item-move": Row(post=LEADS),
    "reviews:item-park": Row(post=LEADS),
    "reviews:item-unpark": Row(post=LEADS),
    "reviews:review-decide": Row(post=DECIDERS),
    "reviews:review-act": Row(post=DECIDERS),
    "reviews:item-answer": Row(post=DECIDERS),
    "reviews:item-done": Row(post=DECIDERS),
    "reviews:item-create": Row(get=DECIDERS, post=DECIDERS),
    "status:summary-update": Row(get=MEMBERS, post=LEADS),
    # The week
    "workspace:my-week": Row(get=SIGNED_IN),
    "status:shared-status": Row(get=ANYBODY - {"expired link", "revoked link"}, by_link=True),
    "workspace:key-result-detail": Row(get=MEMBERS),
    "workspace:reminder-list": Row(get=MEMBERS),
    "checkins:check-in-create": Row(get=DRAFTERS, post=DRAFTERS),
    "checkins:check-in-preview": Row(get=DRAFTERS),
    "checkins:check-in-undo": Row(post=DRAFTERS),
    "checkins:prompt-answer": Row(get=DRAFTERS, post=DRAFTERS),
    "escalations:escalation-list": Row(get=MEMBERS),
    "escalations:escalation-activate": Row(get=COMMITTERS, post=COMMITTERS),
    "escalations:escalation-huddle": Row(get=COMMITTERS, post=COMMITTERS),
    "escalations:escalation-outcome": Row(get=COMMITTERS, post=COMMITTERS),
    "escalations:escalation-verdict": Row(get=RULERS, post=RULERS),
    "workspace:help-request-answer": Row(post=MEMBERS),
    "workspace:blocker-resolve": Row(post=MEMBERS),
}
