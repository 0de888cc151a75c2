"""What a marketer has decided about a campaign, as data: to whom, what, when, how often, compared with what. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_serializer, field_validator, model_validator

from analytics.campaigns import quiet, schedule, template
from analytics.campaigns.aims import BEST, Goal, Stops, Winner
from analytics.campaigns.flow import Flow
from analytics.campaigns.ledger import Terms
from analytics.campaigns.local import zone_of
from analytics.campaigns.quiet import Window
from analytics.campaigns.rank import Effect, Rank
from analytics.campaigns.reading import VERSION, Part, read_as, versioned
from analytics.campaigns.schedule import Schedule, Wait, Zone
from analytics.campaigns.template import Template
from analytics.experiments.assign import Arm, Split
from desk.errors import InvalidError

NIGHT = quiet.read({"start": "21:00", "end": "09:00"})

ChannelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class Variant(Part):
    """One of the things that are said; ``weight`` is its share among the others.

    ``then`` is what is said in the second step of a sequence and all further ones.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0
    template: Template
    then: Annotated[tuple[Template, ...], Field(max_length=schedule.MOST_STEPS - 1)] = ()

    @field_validator("template", mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        return given if isinstance(given, Template) else template.read(given)

    @field_validator("then", mode="before")
    @classmethod
    def _read_all(cls, given: Any) -> Any:
        return [cls._read(one) for one in given] if isinstance(given, list | tuple) else given

    def at_step(self, number: int) -> Self:
        """Return what it says in a step; where nothing is written, what it said before."""
        said = (self.template, *self.then)[:number]
        return self.model_copy(update={"template": said[-1], "then": ()})


class Budget(Part):
    """How many campaign messages a contact gets at most in a stretch of time, over all campaigns."""

    most: Annotated[int, Field(ge=1, le=1000)] = 3
    within: Wait = timedelta(days=7)


class Plan(Part):
    """A campaign. ``channels`` are tried in their order for each contact; ``quiet`` is None for any hour.

    ``late`` is how long after its time a message may still go out, ``reply`` what a yes to it begins.
    """

    segment_id: Annotated[int, Field(ge=1)]
    channels: Annotated[tuple[ChannelName, ...], Field(min_length=1, max_length=10)]
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=10)]
    schedule: Schedule
    purpose: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")] = "marketing"
    holdout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    default_zone: Zone = "UTC"
    quiet: Window | None = NIGHT
    budget: Budget | None = Budget()
    late: Wait = timedelta(hours=4)
    goal: Goal = Goal()
    winner: Winner | None = None
    stops: Stops = Stops()
    rank: Rank | None = None
    effect: Effect = Effect()
    reply: Flow | None = None

    @field_validator("schedule", mode="before")
    @classmethod
    def _read_schedule(cls, given: Any) -> Any:
        return schedule.read(given) if isinstance(given, Mapping) else given

    @field_serializer("schedule")
    def _write_schedule(self, value: Schedule) -> dict[str, Any]:
        return schedule.written(value)

    @model_validator(mode="after")
    def _differ(self) -> Self:
        for what in (self.channels, tuple(one.name for one in self.variants)):
            if len(set(what)) < len(what):
                raise ValueError(f"{', '.join(what)}: one of these stands there twice")
        return self

    @model_validator(mode="after")
    def _can_win(self) -> Self:
        if self.winner is None:
            return self
        names = [one.name for one in self.variants]
        if len(names) < 2:
            raise ValueError("winner: of one variant none can win; write a second one")
        if not isinstance(self.schedule, schedule.Once | schedule.Local | schedule.Recurring):
            raise ValueError(
                "winner: only what goes to all at one time, or again and again, has a test and a rest"
            )
        if self.winner.otherwise not in (BEST, *names):
            raise ValueError(f"winner.otherwise: write {BEST} or one of: {', '.join(names)}")
        return self

    def check_steps(self) -> None:
        """Raise InvalidError unless every variant has a message for every step."""
        wanted = len(self.schedule.steps) if isinstance(self.schedule, schedule.Sequence) else 1
        for number, one in enumerate(self.variants, 1):
            if len(one.then) + 1 != wanted:
                raise InvalidError(
                    f"variants[{number}].then: there are {wanted} steps and {len(one.then) + 1} messages; "
                    "write what is said in the second step and in each after it"
                )

    def at_step(self, number: int) -> Self:
        """Return the plan with what is said in one step of its sequence."""
        variants = tuple(one.at_step(number) for one in self.variants)
        return self.model_copy(update={"variants": variants})

    @model_validator(mode="after")
    def _can_rank(self) -> Self:
        if self.rank and isinstance(self.schedule, schedule.AfterEvent | schedule.Sequence):
            raise ValueError(
                "rank: only what goes to all at one time, or again and again, has a first and a last"
            )
        return self

    @property
    def terms(self) -> Terms:
        """What the guards ask."""
        return Terms(
            purpose=self.purpose,
            budget=self.budget.most if self.budget else None,
            budget_span=self.budget.within if self.budget else timedelta(),
        )

    @property
    def zone(self) -> ZoneInfo:
        """Where clocks hang of whom nothing else is known."""
        return zone_of(self.default_zone)

    def split(self, campaign_id: int) -> Split:
        """Return who gets which variant: the same in every run of a campaign."""
        return Split(
            salt=f"campaign:{campaign_id}",
            arms=[Arm(name=one.name, weight=one.weight) for one in self.variants],
            holdout=self.holdout,
        )

    def template(self, variant: str) -> Template:
        """Return what a variant says."""
        return next(one.template for one in self.variants if one.name == variant)

    def written(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"version": VERSION, **self.model_dump(mode="json")}


def read(given: Any) -> Plan:
    """Return a plan from JSON, or raise InvalidError with the place and what to write there."""
    return read_as(Plan, versioned(given, "a campaign"))
