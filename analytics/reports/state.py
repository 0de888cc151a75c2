"""What the figures remember of a conversation and of a ticket between two events. Times in milliseconds."""

from msgspec import Struct, field

from analytics.reports.span import Group

BOT, WAITING, HUMAN, CLOSED = "bot", "waiting", "human", "closed"
PEOPLE = frozenset({WAITING, HUMAN})


class Round(Struct, array_like=True):
    """From a customer's first word to the end of the matter. ``provisional`` until it is more than a rating."""

    number: int
    started: int
    provisional: bool
    #: It began by reopening what was resolved.
    reopened: bool
    contact: int = 0
    bot: int = 0
    agent: int = 0
    #: How many of the customer's messages were ratings or comments on one.
    answers: int = 0
    #: A person spoke or had it; a person was called.
    human: bool = False
    asked: bool = False
    #: The last person in it.
    who: str = ""
    #: When people first had it, since when they have it now, and how long they had it before.
    people_from: int | None = None
    people_since: int | None = None
    people: int = 0
    people_business: int = 0

    @property
    def is_rating(self) -> bool:
        """Whether nothing was said but what the customer thinks of the last time."""
        return self.provisional and self.contact <= self.answers and not self.human


class Hold(Struct, array_like=True):
    """An agent's stretch of a conversation; ``life`` is the last sign of life in it."""

    agent: str
    team: str
    since: int
    life: int
    lasted: int = 0
    business: int = 0


class Count(Struct, frozen=True, array_like=True):
    """Messages of one author in one quarter of an hour."""

    number: int
    round: int
    quarter: int
    group: Group
    customer: int
    count: int


class Rating(Struct, frozen=True, array_like=True):
    """A survey, an answer, or both."""

    round: int
    asked_number: int
    score_number: int
    group: Group
    asked_at: int | None = None
    answered: bool = False


class Ended(Struct, frozen=True, array_like=True):
    """The last round that was resolved."""

    at: int
    round: int
    group: Group


class Talk(Struct, array_like=True):
    """A conversation."""

    #: The numbers of the next span and of the next round.
    number: int = 0
    rounds: int = 0
    owner: str = BOT
    agent: str = ""
    channel: str = ""
    team: str = ""
    segment: str = ""
    language: str = ""
    customer: int = 0
    #: Of the current or the last round, and what the conversation itself says.
    topic: str = ""
    said_topic: str = ""
    life: int = 0
    round: Round | None = None
    #: Since when somebody waits: for a person, for their first answer, for the next one, for the assistant's.
    waiting: int | None = None
    first: int | None = None
    next: int | None = None
    bot: int | None = None
    hold: Hold | None = None
    ended: Ended | None = None
    #: The last round that was spam.
    struck: int | None = None
    counts: dict[str, Count] = field(default_factory=dict)
    ratings: dict[str, Rating] = field(default_factory=dict)


class Ticket(Struct, array_like=True):
    """A ticket. ``since`` is when it was opened, or again; empty while it is settled or merged."""

    number: int = 0
    opened: int | None = None
    since: int | None = None
    paused: int | None = None
    #: How long it waited for the customer or somebody else, since ``since``.
    away: int = 0
    away_business: int = 0
    replied: bool = False
    merged: bool = False
    agent: str = ""
    team: str = ""
    channel: str = ""
    topic: str = ""
    segment: str = ""
    language: str = ""
    customer: int = 0
    breached: list[str] = field(default_factory=list)


type State = Talk | Ticket
