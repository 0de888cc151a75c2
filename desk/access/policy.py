"""Who may do what: one table, one function, and no by default."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here for."""

    VIEWER = "viewer"
    AGENT = "agent"
    MARKETER = "marketer"
    MANAGER = "manager"
    ADMIN = "admin"


class Deed(StrEnum):
    """Something that can be allowed, ``noun.verb``; every page and every address of the API names one."""

    CONVERSATION_SEE = "conversation.see"
    CONVERSATION_ANSWER = "conversation.answer"
    CONVERSATION_MOVE = "conversation.move"
    TICKET_SEE = "ticket.see"
    TICKET_OPEN = "ticket.open"
    TICKET_CHANGE = "ticket.change"
    TICKET_MERGE = "ticket.merge"
    CONTACT_SEE = "contact.see"
    CONTACT_CHANGE = "contact.change"
    CONTACT_MERGE = "contact.merge"
    FEEDBACK_SEE = "feedback.see"
    REPORT_SEE = "report.see"
    REPORT_EXPORT = "report.export"
    SEGMENT_SEE = "segment.see"
    SEGMENT_CHANGE = "segment.change"
    OFFER_SEE = "offer.see"
    OFFER_CHANGE = "offer.change"
    CAMPAIGN_SEE = "campaign.see"
    CAMPAIGN_CHANGE = "campaign.change"
    #: Launch, pause, go on and end: what makes messages go out or stop.
    CAMPAIGN_RUN = "campaign.run"
    #: Be the second pair of eyes.
    CAMPAIGN_APPROVE = "campaign.approve"
    POST_SEE = "post.see"
    POST_CHANGE = "post.change"
    POST_APPROVE = "post.approve"
    #: Bring in people and what they did; what the shop sold needs a manager as well.
    DATA_IMPORT = "data.import"
    VIEW_SAVE = "view.save"
    VIEW_SHARE = "view.share"
    CANNED_CHANGE = "canned.change"
    RULE_SEE = "rule.see"
    RULE_CHANGE = "rule.change"
    SLA_SEE = "sla.see"
    SLA_CHANGE = "sla.change"
    AGENT_SEE = "agent.see"
    #: Say whether somebody is at work; people say it of themselves by ``self.change``.
    AGENT_STATUS = "agent.status"
    TEAM_CHANGE = "team.change"
    USER_SEE = "user.see"
    USER_CHANGE = "user.change"
    TOKEN_CHANGE = "token.change"  # noqa: S105 - a deed
    WEBHOOK_SEE = "webhook.see"
    WEBHOOK_CHANGE = "webhook.change"
    AUDIT_SEE = "audit.see"
    CHANNEL_SEE = "channel.see"
    DELIVERY_REPLAY = "delivery.replay"
    #: One's own status, password, second factor and language.
    SELF_CHANGE = "self.change"


class Kind(StrEnum):
    """Whether a person or a program asks."""

    USER = "user"
    PROGRAM = "program"


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who asks; ``name`` is the agent's name, under which they own conversations and tickets.

    ``scopes`` narrow what a program may do; a person has none.
    """

    id: str
    name: str
    role: Role
    team: str | None = None
    kind: Kind = Kind.USER
    scopes: frozenset[Deed] = field(default_factory=frozenset)


class Reach(StrEnum):
    """On whose things a deed is allowed."""

    OWN = "own"
    ALL = "all"


_READS = (
    Deed.CONVERSATION_SEE,
    Deed.TICKET_SEE,
    Deed.CONTACT_SEE,
    Deed.FEEDBACK_SEE,
    Deed.REPORT_SEE,
    Deed.AGENT_SEE,
)
_VIEWER = dict.fromkeys(_READS, Reach.ALL) | {
    Deed.SELF_CHANGE: Reach.OWN,
    Deed.VIEW_SAVE: Reach.OWN,
}
_AGENT = _VIEWER | {
    # Whose conversation it is, is decided by the conversation itself, under its lock.
    Deed.CONVERSATION_ANSWER: Reach.ALL,
    Deed.CONVERSATION_MOVE: Reach.ALL,
    Deed.TICKET_OPEN: Reach.ALL,
    Deed.TICKET_CHANGE: Reach.ALL,
    Deed.TICKET_MERGE: Reach.OWN,
    Deed.CONTACT_CHANGE: Reach.ALL,
    Deed.CONTACT_MERGE: Reach.ALL,
    Deed.CANNED_CHANGE: Reach.OWN,
    Deed.AGENT_STATUS: Reach.OWN,
    Deed.RULE_SEE: Reach.ALL,
    Deed.SLA_SEE: Reach.ALL,
}
_MARKETER = _VIEWER | {
    Deed.CONTACT_CHANGE: Reach.ALL,
    Deed.SEGMENT_SEE: Reach.ALL,
    Deed.SEGMENT_CHANGE: Reach.ALL,
    Deed.OFFER_SEE: Reach.ALL,
    Deed.OFFER_CHANGE: Reach.ALL,
    Deed.CAMPAIGN_SEE: Reach.ALL,
    Deed.CAMPAIGN_CHANGE: Reach.ALL,
    Deed.CAMPAIGN_RUN: Reach.ALL,
    Deed.CAMPAIGN_APPROVE: Reach.ALL,
    Deed.POST_SEE: Reach.ALL,
    Deed.POST_CHANGE: Reach.ALL,
    Deed.POST_APPROVE: Reach.ALL,
    Deed.DATA_IMPORT: Reach.ALL,
    Deed.REPORT_EXPORT: Reach.ALL,
    Deed.VIEW_SHARE: Reach.OWN,
}
_MANAGER = (
    _AGENT
    | _MARKETER
    | {
        Deed.TICKET_MERGE: Reach.ALL,
        Deed.AGENT_STATUS: Reach.ALL,
        Deed.CANNED_CHANGE: Reach.ALL,
        Deed.VIEW_SHARE: Reach.ALL,
        Deed.RULE_CHANGE: Reach.ALL,
        Deed.SLA_CHANGE: Reach.ALL,
        Deed.TEAM_CHANGE: Reach.ALL,
        Deed.USER_SEE: Reach.ALL,
        # Invites agents; who may be made what is decided where users are changed.
        Deed.USER_CHANGE: Reach.ALL,
        Deed.CHANNEL_SEE: Reach.ALL,
        Deed.DELIVERY_REPLAY: Reach.ALL,
        Deed.WEBHOOK_SEE: Reach.ALL,
    }
)
_ADMIN = dict.fromkeys(Deed, Reach.ALL)
_ALLOWED: dict[Role, dict[Deed, Reach]] = {
    Role.VIEWER: _VIEWER,
    Role.AGENT: _AGENT,
    Role.MARKETER: _MARKETER,
    Role.MANAGER: _MANAGER,
    Role.ADMIN: _ADMIN,
}


def allows(principal: Principal, deed: Deed, *, own: bool = False) -> bool:
    """Say whether somebody may do something, on a thing of their ``own`` or on anybody's.

    A program may do what its role may and the scopes of its token name.
    """
    if principal.kind is Kind.PROGRAM and deed not in principal.scopes:
        return False
    reach = _ALLOWED.get(principal.role, {}).get(deed)
    return reach is Reach.ALL or (reach is Reach.OWN and own)
