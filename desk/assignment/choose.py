"""Who gets a ticket: one pure decision, the same for the same facts.

The rules are asked in their order. A rule that fits a ticket names who may get it (skills, a team, people); if nobody
of them is there and has room, the next rule is asked, unless this one says to wait. After the last rule anybody may
have it, of the ticket's team if it has one. Always: only who is online, who speaks the ticket's language and serves
its region if they named any, and who has room. Among these the one who had this customer last, else the one with the
least to do for what they can carry, else the one who waited longest for a ticket, else by name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction

from desk.tickets.matching import TicketFacts, When

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Why(StrEnum):
    """A reason, for a choice or for none; the console has words for each."""

    RULE = "rule"
    ANYBODY = "anybody"
    STICKY = "sticky"
    LEAST_LOADED = "least_loaded"
    ONLY_ONE = "only_one"
    #: Nobody could be chosen, because ...
    NOBODY_ONLINE = "nobody_online"
    NOBODY_FITS = "nobody_fits"
    NOBODY_SPEAKS = "nobody_speaks"
    ALL_FULL = "all_full"
    WAITS = "waits"


@dataclass(frozen=True, kw_only=True)
class AgentFacts:
    """An agent as they are now; ``load`` and ``room`` in quarters of a talk, see :mod:`desk.assignment.load`."""

    name: str
    is_online: bool = True
    team: str | None = None
    skills: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    load: int = 0
    room: int = 20
    #: When they last got a ticket.
    served_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AssignmentRule:
    """Who may get the tickets that fit: who has all ``skills``, is in ``team`` and one of ``agents``, if named."""

    id: int = 0
    name: str
    when: When = field(default_factory=When)
    skills: frozenset[str] = frozenset()
    team: str | None = None
    agents: frozenset[str] = frozenset()
    #: Whether the ticket waits for these when none of them is there.
    waits: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Who gets it, or nobody; by which rule, and the reasons, the most important first."""

    agent: str | None
    rule: AssignmentRule | None = None
    reasons: tuple[Why, ...] = ()
    #: Rules that fitted and found nobody, each with the reason.
    passed: tuple[tuple[str, Why], ...] = ()

    @property
    def team(self) -> str | None:
        """The team to which the ticket goes, if the rule names one."""
        return self.rule.team if self.rule else None

    def kept(self) -> dict[str, object]:
        """Return it as the ticket keeps it, to be shown in words."""
        return {
            "by": "rule",
            "rule": self.rule.name if self.rule else None,
            "reasons": [str(one) for one in self.reasons],
            "passed": [[name, str(why)] for name, why in self.passed],
        }


def choose(
    ticket: TicketFacts,
    agents: Sequence[AgentFacts],
    rules: Sequence[AssignmentRule],
    *,
    weight: int = 1,
    last: str | None = None,
    excluded: frozenset[str] = frozenset(),
) -> Choice:
    """Return who gets a ticket of this ``weight``.

    ``last`` had this customer last; ``excluded`` do not get it, as they gave it back.
    """
    candidates = [one for one in agents if one.name not in excluded]
    passed: list[tuple[str, Why]] = []
    for rule in rules:
        if not rule.when.fits(ticket):
            continue
        why, able = _able(ticket, [a for a in candidates if _meets(a, rule)], weight)
        if able:
            agent, how = _best(able, last)
            return Choice(agent=agent, rule=rule, reasons=(Why.RULE, how), passed=tuple(passed))
        if rule.waits:
            return Choice(agent=None, rule=rule, reasons=(Why.WAITS, why), passed=tuple(passed))
        passed.append((rule.name, why))
    of_team = [a for a in candidates if ticket.team is None or a.team == ticket.team]
    why, able = _able(ticket, of_team, weight)
    if not able:
        return Choice(agent=None, reasons=(why,), passed=tuple(passed))
    agent, how = _best(able, last)
    return Choice(agent=agent, reasons=(Why.ANYBODY, how), passed=tuple(passed))


def _meets(agent: AgentFacts, rule: AssignmentRule) -> bool:
    return (
        rule.skills <= agent.skills
        and (rule.team is None or agent.team == rule.team)
        and (not rule.agents or agent.name in rule.agents)
    )


def _able(
    ticket: TicketFacts, agents: Sequence[AgentFacts], weight: int
) -> tuple[Why, list[AgentFacts]]:
    """Return who can take a ticket, and at which sieve the last one was lost if nobody can."""
    sieves: tuple[tuple[Why, Callable[[AgentFacts], bool]], ...] = (
        (Why.NOBODY_ONLINE, lambda a: a.is_online),
        (Why.NOBODY_SPEAKS, lambda a: _serves(a, ticket)),
        (Why.ALL_FULL, lambda a: a.load + weight <= a.room),
    )
    left, why = list(agents), Why.NOBODY_FITS
    for reason, passes in sieves:
        if not left:
            break
        left, why = [one for one in left if passes(one)], reason
    return why, left


def _serves(agent: AgentFacts, ticket: TicketFacts) -> bool:
    """Say whether an agent takes this language and region; what is not known about a ticket holds nobody off."""
    return all(
        not named or found is None or found in named
        for named, found in ((agent.languages, ticket.language), (agent.regions, ticket.region))
    )


def _best(able: Sequence[AgentFacts], last: str | None) -> tuple[str, Why]:
    if last is not None and any(one.name == last for one in able):
        return last, Why.STICKY
    chosen = min(able, key=lambda one: (_share(one), one.served_at or _LONG_AGO, one.name))
    return chosen.name, Why.ONLY_ONE if len(able) == 1 else Why.LEAST_LOADED


def _share(agent: AgentFacts) -> Fraction:
    """Return how full an agent is; who has no room is able only to take what weighs nothing, and carries nothing."""
    return Fraction(agent.load, agent.room or 1)
