"""Who gets a ticket, as a pure decision."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.assignment.choose import AgentFacts, AssignmentRule, Choice, Why, choose
from desk.assignment.load import load_of, room_of
from desk.tables.ticket import TicketStatus
from desk.tickets.matching import TicketFacts, When

_TICKET = TicketFacts(topic="refund", channel="email", language="zh", region="CN", segment="vip")
_ANA = AgentFacts(name="ana", load=4)
_BEN = AgentFacts(name="ben", load=8)


def _choose(
    agents: list[AgentFacts], rules: list[AssignmentRule] | None = None, **values: object
) -> Choice:
    return choose(_TICKET, agents, rules or [], **values)  # type: ignore[arg-type]


def _rule(name: str = "r", **values: object) -> AssignmentRule:
    return AssignmentRule(name=name, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agents", "who", "why"),
    [
        ([], None, Why.NOBODY_FITS),
        ([_ANA, _BEN], "ana", Why.LEAST_LOADED),
        ([_BEN], "ben", Why.ONLY_ONE),
        ([replace(_ANA, is_online=False)], None, Why.NOBODY_ONLINE),
        ([replace(_ANA, is_online=False), _BEN], "ben", Why.ONLY_ONE),
        ([replace(_ANA, load=20)], None, Why.ALL_FULL),
        ([replace(_ANA, room=0, load=0)], None, Why.ALL_FULL),
        ([replace(_ANA, languages=frozenset({"en"}))], None, Why.NOBODY_SPEAKS),
        ([replace(_ANA, languages=frozenset({"en", "zh"}))], "ana", Why.ONLY_ONE),
        ([replace(_ANA, regions=frozenset({"US"}))], None, Why.NOBODY_SPEAKS),
        # Six of forty quarters are less than four of twenty.
        ([_ANA, replace(_BEN, load=6, room=40)], "ben", Why.LEAST_LOADED),
        ([replace(_BEN, load=4), _ANA], "ana", Why.LEAST_LOADED),
    ],
)
def test_without_rules(agents: list[AgentFacts], who: str | None, why: Why) -> None:
    choice = _choose(agents)
    assert choice.agent == who
    assert choice.reasons[-1] is why


@pytest.mark.parametrize(
    ("rules", "who", "passed"),
    [
        ([_rule(skills=frozenset({"money"}))], "ben", ()),
        ([_rule(team="north")], "ben", ()),
        ([_rule(agents=frozenset({"ben"}))], "ben", ()),
        ([_rule(when=When(channels=("webchat",)), skills=frozenset({"money"}))], "ana", ()),
        ([_rule(when=When(topics=("refund",)), skills=frozenset({"money"}))], "ben", ()),
        ([_rule(when=When(languages=("zh",)), team="north")], "ben", ()),
        ([_rule(when=When(regions=("CN",)), team="north")], "ben", ()),
        ([_rule(when=When(segments=("vip",)), team="north")], "ben", ()),
        ([_rule(when=When(products=("cup",)), team="north")], "ana", ()),
        ([_rule("a", skills=frozenset({"magic"})), _rule("b", team="north")], "ben", ("a",)),
        ([_rule("a", skills=frozenset({"magic"}))], "ana", ("a",)),
        ([_rule("a", skills=frozenset({"magic"}), waits=True), _rule("b")], None, ()),
        # They contradict; the first one counts.
        ([_rule("a", team="north"), _rule("b", agents=frozenset({"ana"}))], "ben", ()),
    ],
)
def test_rules_in_their_order(
    rules: list[AssignmentRule], who: str | None, passed: tuple[str, ...]
) -> None:
    ben = replace(_BEN, skills=frozenset({"money", "law"}), team="north")
    choice = _choose([_ANA, ben], rules)
    assert choice.agent == who
    assert tuple(name for name, _ in choice.passed) == passed


def test_who_had_the_customer_last_goes_first_if_they_have_room() -> None:
    assert _choose([_ANA, _BEN], last="ben").agent == "ben"
    assert _choose([_ANA, _BEN], last="ben").reasons[-1] is Why.STICKY
    assert _choose([_ANA, replace(_BEN, is_online=False)], last="ben").agent == "ana"
    assert _choose([_ANA, replace(_BEN, load=20)], last="ben").agent == "ana"
    assert _choose([_ANA, _BEN], [_rule(agents=frozenset({"ana"}))], last="ben").agent == "ana"


def test_who_gave_it_back_does_not_get_it_again() -> None:
    assert _choose([_ANA, _BEN], excluded=frozenset({"ana"})).agent == "ben"
    assert _choose([_ANA], excluded=frozenset({"ana"})).agent is None


def test_what_weighs_nothing_needs_no_room() -> None:
    full, none = replace(_BEN, load=20), replace(_ANA, room=0, load=0)
    assert _choose([full, none], weight=0).agent == "ana"


def test_a_ticket_of_a_team_stays_there() -> None:
    ticket = replace(_TICKET, team="north")
    assert choose(ticket, [_ANA, replace(_BEN, team="north")], []).agent == "ben"
    assert choose(ticket, [_ANA], []).agent is None


def test_what_a_talk_and_a_ticket_weigh() -> None:
    tickets = {TicketStatus.NEW: 1, TicketStatus.OPEN: 2, TicketStatus.PENDING: 9}
    assert load_of(2, tickets) == 11
    assert room_of(5) == load_of(5, {}) == load_of(0, {TicketStatus.OPEN: 20})


_names = st.sampled_from(["ana", "ben", "cy", "dee"])
_words = st.frozensets(st.sampled_from(["en", "zh", "money"]), max_size=2)
_agents = st.lists(
    st.builds(
        AgentFacts,
        name=_names,
        is_online=st.booleans(),
        team=st.sampled_from([None, "north"]),
        skills=_words,
        languages=_words,
        load=st.integers(0, 24),
        room=st.integers(0, 24),
    ),
    unique_by=lambda one: one.name,
)
_rules = st.lists(
    st.builds(
        AssignmentRule,
        name=st.sampled_from(["r", "s"]),
        when=st.builds(When, topics=st.sampled_from([(), ("refund",), ("account",)])),
        skills=_words,
        team=st.sampled_from([None, "north"]),
        waits=st.booleans(),
    ),
    max_size=3,
)


@given(_agents, _rules, st.integers(0, 4), st.none() | _names, st.randoms())
def test_nobody_gets_what_they_cannot_take(
    agents: list[AgentFacts],
    rules: list[AssignmentRule],
    weight: int,
    last: str | None,
    random: object,
) -> None:
    choice = choose(_TICKET, agents, rules, weight=weight, last=last)
    shuffled = list(agents)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert choose(_TICKET, shuffled, rules, weight=weight, last=last) == choice
    if choice.agent is not None:
        got = next(one for one in agents if one.name == choice.agent)
        assert got.is_online
        assert got.load + weight <= got.room
        assert not got.languages or "zh" in got.languages
    elif not any(rule.waits for rule in rules):
        able = [one for one in agents if one.is_online and one.load + weight <= one.room]
        assert all(one.languages and "zh" not in one.languages for one in able)
