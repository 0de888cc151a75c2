"""How far a mailbox was read."""

from datetime import UTC, datetime, timedelta

from channels.mail.cursor import Cursor

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_first_poll_begins_after_what_is_there() -> None:
    cursor = Cursor.first(7, 100, NOON)
    assert cursor.uid == 99
    assert cursor.at(7, 100) == cursor
    assert Cursor.loads(cursor.dumps()) == cursor


def test_new_numbers_mean_another_look_at_what_came_in_lately() -> None:
    old = Cursor.first(7, 100, NOON - 30 * DAY).after(150, NOON)
    cursor = old.at(8, 41)
    assert (cursor.uidvalidity, cursor.uid, cursor.until) == (8, 0, 40)
    assert not cursor.takes(5, NOON - 2 * DAY)
    assert cursor.takes(6, NOON - DAY / 2)
    assert cursor.takes(
        41, NOON - 300 * DAY
    )  # came after the new numbers, so somebody moved it here
    assert Cursor.loads(cursor.dumps()) == cursor


def test_mails_from_before_the_first_poll_are_never_ours_to_answer() -> None:
    cursor = Cursor.first(7, 100, NOON).at(8, 100)
    assert not cursor.takes(99, NOON - timedelta(minutes=1))
    assert cursor.takes(99, NOON)


def test_numbers_that_went_backwards_are_new_ones() -> None:
    cursor = Cursor.first(7, 100, NOON).at(7, 50)
    assert (cursor.uid, cursor.until) == (0, 49)


def test_the_newest_time_is_kept() -> None:
    cursor = Cursor.first(7, 1, NOON).after(1, NOON + DAY).after(2, NOON).after(3, None)
    assert (cursor.uid, cursor.seen_at) == (3, NOON + DAY)
