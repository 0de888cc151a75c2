"""What came after we wrote to people, beside how often it came before."""

from datetime import datetime, timedelta
from random import Random

import pytest
from scipy import stats

from analytics.insight import contact_effects as everybody
from analytics.insight.contact_effect import (
    DAYS,
    FEWEST,
    Effect,
    Reaction,
    Verdict,
    contacts,
    effects,
    fisher,
)
from analytics.insight.contact_record import Said
from tests.insight.said import MONDAY, chat, said, table, times

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("told", "days"),
    [
        (("agent 0d",), [0]),
        (("contact 0d", "agent 0.5d"), []),
        (("contact 0d", "agent 1d"), []),
        (("contact 0d", "agent 1.01d"), [1.01]),
        (("bot 0d", "call 0d"), []),
        # One after the other within a week of each is one contact, however long it goes on.
        (("campaign 0d", "campaign 5d", "campaign 10d", "campaign 17.1d"), [0, 17.1]),
        (("system 0d", "contact 3d", "agent 3.1d", "us 8d"), [0, 8]),
    ],
)
def test_what_is_a_contact(told: tuple[str, ...], days: list[float]) -> None:
    assert list(contacts(said(*told))) == [MONDAY + day * DAY for day in days]


def _effects(
    told: list[Said], bought: list[datetime], now: datetime = MONDAY + 400 * DAY
) -> dict[str, Effect]:
    found = effects(told, bought, known_at=MONDAY, now=now)
    return {one.outcome: one for one in found}


def test_what_follows_is_counted_once_a_contact_and_before_once_a_window() -> None:
    told = said("agent 100d", "contact 101d", "contact 102d", "agent 120d", "agent 390d")
    bought = [MONDAY + day * DAY for day in (1, 65.5, 66, 93.5, 99, 100, 103, 104, 127, 127.01)]
    found = _effects(told, bought, now=MONDAY + 396 * DAY)
    purchase, reply = found[Reaction.PURCHASE], found[Reaction.REPLY]
    # The last contact is not over yet; a purchase just a week later counts, one after that does not.
    assert (purchase.contacts, purchase.followed) == (2, 2)
    # Two of 14 whole weeks before the first contact had a purchase; day 1 lies before all of them.
    assert (purchase.windows, purchase.before) == (14, 2)
    assert (reply.contacts, reply.followed, reply.windows, reply.before) == (2, 1, 14, 0)
    assert purchase.after_share == 1
    assert purchase.before_share == pytest.approx(2 / 14)


def test_too_few_are_said_to_be_too_few() -> None:
    nobody = _effects([], [])[Reaction.PURCHASE]
    assert (nobody.contacts, nobody.after_share, nobody.verdict) == (0, None, Verdict.FEW)
    told = said(*(f"agent {100 + 30 * n}d" for n in range(FEWEST - 1)))
    bought = [MONDAY + (101 + 30 * n) * DAY for n in range(FEWEST - 1)]
    few = _effects(told, bought)[Reaction.PURCHASE]
    assert (few.contacts, few.followed, few.verdict) == (FEWEST - 1, FEWEST - 1, Verdict.FEW)


@pytest.mark.parametrize(
    ("followed", "before", "verdict"),
    [
        (9, 1, Verdict.MORE),
        (0, 20, Verdict.LESS),
        (5, 12, Verdict.SAME),
        (10, 26, Verdict.SAME),
    ],
)
def test_a_difference_is_told_from_chance(followed: int, before: int, verdict: Verdict) -> None:
    found = Effect(
        outcome=Reaction.REPLY,
        days=DAYS,
        people=1,
        contacts=10,
        followed=followed,
        windows=26,
        before=before,
    )
    assert found.verdict is verdict


def test_chances_are_those_of_scipy() -> None:
    dice = Random(3)
    for _ in range(200):
        one, two = dice.randint(1, 60), dice.randint(1, 26)
        a, b = dice.randint(0, one), dice.randint(0, two)
        expected = stats.fisher_exact([[a, one - a], [b, two - b]]).pvalue
        assert fisher(a, one, b, two) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_everybody_s_tally_is_that_of_each(seed: int) -> None:
    dice = Random(seed)
    histories = {f"c:{n}": chat(dice) for n in range(12)}
    bought = {
        person: [MONDAY + dice.choice((-70, -0.5, 3, 7, 7.5, 8, 40, 80, 200)) * DAY] * 2
        for person in list(histories)[::2]
    }
    known = {person: [MONDAY - dice.choice((0, 100, 400)) * DAY] for person in histories}
    now = MONDAY + 150 * DAY
    histories = {p: [s for s in told if s.at <= now] for p, told in histories.items()}
    expected, total = {}, 0
    for person, history in histories.items():
        found = effects(history, bought.get(person, []), known_at=known[person][0], now=now)
        if found[0].contacts:
            expected[person] = found
            total += found[0].windows > 0
    assert len(expected) > 5
    tallied = everybody.tally(
        table(histories), times(bought), times(known), now.replace(tzinfo=None)
    )
    rows = {row["person_id"]: row for row in tallied.to_pyarrow().to_pylist()}
    assert rows == {
        person: {
            "person_id": person,
            "contacts": found[0].contacts,
            "windows": found[0].windows,
            **{f"followed_{one.outcome}": one.followed for one in found},
            **{f"before_{one.outcome}": one.before for one in found},
        }
        for person, found in expected.items()
    }
    both = [found for found in expected.values() if found[0].windows]
    for place, one in enumerate(everybody.of_all(tallied)):
        assert one.people == total
        for name in ("contacts", "followed", "windows", "before"):
            assert getattr(one, name) == sum(getattr(found[place], name) for found in both)
