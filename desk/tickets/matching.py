"""What rules ask of a ticket: the conditions of rules of assignment and of priority. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from desk.errors import InvalidError

type Words = tuple[Annotated[str, Field(min_length=1, max_length=64)], ...]


@dataclass(frozen=True, kw_only=True)
class TicketFacts:
    """What is known about a ticket. ``mood`` is from -1 (angry) to 1, None if nobody looked."""

    id: int = 0
    contact_id: str = ""
    topic: str = "other"
    priority: str = "normal"
    channel: str | None = None
    language: str | None = None
    region: str | None = None
    product: str | None = None
    segment: str | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    mood: float | None = None


class When(BaseModel):
    """What a ticket must have for a rule; an empty list asks for nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    topics: Words = ()
    priorities: Words = ()
    channels: Words = ()
    languages: Words = ()
    regions: Words = ()
    products: Words = ()
    segments: Words = ()
    tags: Words = ()
    mood_below: Annotated[float, Field(ge=-1, le=1)] | None = None

    def fits(self, ticket: TicketFacts) -> bool:
        """Say whether a ticket has all that is asked for."""
        one_of = (
            (self.topics, ticket.topic),
            (self.priorities, ticket.priority),
            (self.channels, ticket.channel),
            (self.languages, ticket.language),
            (self.regions, ticket.region),
            (self.products, ticket.product),
            (self.segments, ticket.segment),
        )
        if any(wanted and found not in wanted for wanted, found in one_of):
            return False
        if self.tags and not set(self.tags) & set(ticket.tags):
            return False
        return self.mood_below is None or (
            ticket.mood is not None and ticket.mood < self.mood_below
        )


def when_of(given: Mapping[str, Any]) -> When:
    """Return conditions as they are kept or came from a form.

    Raises:
        InvalidError: one is unknown or has no sensible value.
    """
    try:
        return When.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
