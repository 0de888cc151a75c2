"""Which process a conversation belongs to, and which ones move when a process goes or comes."""

from collections import Counter

import pytest

from desk.dialogue.sticky import ranked

PLACES = [f"http://127.0.0.1:{port}" for port in (5005, 5006, 5007, 5008)]
CONVERSATIONS = [f"conversation-{number}" for number in range(2_000)]


def homes(places: list[str]) -> dict[str, str]:
    """Return where each conversation belongs."""
    return {one: places[ranked(one, places)[0]] for one in CONVERSATIONS}


def test_conversations_are_spread_evenly() -> None:
    counts = Counter(homes(PLACES).values())
    assert set(counts) == set(PLACES)
    assert all(400 < count < 600 for count in counts.values()), counts


@pytest.mark.parametrize("gone", PLACES)
def test_only_the_conversations_of_the_one_that_goes_move(gone: str) -> None:
    before, after = homes(PLACES), homes([place for place in PLACES if place != gone])
    moved = [one for one in CONVERSATIONS if before[one] != after[one]]
    assert moved == [one for one in CONVERSATIONS if before[one] == gone]
    # They go to their second choice, hence not all to the same neighbour.
    assert all(after[one] == PLACES[ranked(one, PLACES)[1]] for one in moved)
    assert len({after[one] for one in moved}) == len(PLACES) - 1


def test_everybody_comes_to_the_same_ranking_in_whatever_order_the_places_are_listed() -> None:
    assert homes(PLACES) == homes(PLACES[::-1])


def test_every_place_is_ranked_once() -> None:
    assert sorted(ranked("编号-1", PLACES)) == [0, 1, 2, 3]
    assert ranked("any", PLACES[:1]) == [0]
