"""Which way a ticket may go."""

from itertools import product

import pytest

from desk.errors import ConflictError
from desk.tickets.model import TicketStatus
from desk.tickets.numbers import ticket_id, ticket_number
from desk.tickets.status import AFTER_CUSTOMER_COMMENT, MOVES, check_move

_ALLOWED = {
    ("new", "open"), ("new", "pending"), ("new", "on_hold"), ("new", "resolved"), ("new", "closed"),
    ("open", "pending"), ("open", "on_hold"), ("open", "resolved"), ("open", "closed"),
    ("pending", "open"), ("pending", "on_hold"), ("pending", "resolved"), ("pending", "closed"),
    ("on_hold", "open"), ("on_hold", "pending"), ("on_hold", "resolved"), ("on_hold", "closed"),
    ("resolved", "open"), ("resolved", "closed"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), list(product(TicketStatus, TicketStatus)))
def test_only_the_moves_of_the_table_are_allowed(old: TicketStatus, new: TicketStatus) -> None:
    if (old.value, new.value) in _ALLOWED:
        check_move("T-000001", old, new)
    else:
        with pytest.raises(ConflictError, match=f"T-000001 is {old} and cannot become {new}"):
            check_move("T-000001", old, new)


def test_the_error_says_what_is_allowed() -> None:
    with pytest.raises(ConflictError, match=r"Allowed from here: open, closed\."):
        check_move("T-000001", TicketStatus.RESOLVED, TicketStatus.PENDING)
    with pytest.raises(ConflictError, match="open a new ticket"):
        check_move("T-000001", TicketStatus.CLOSED, TicketStatus.OPEN)


def test_what_a_comment_does_is_an_allowed_move() -> None:
    assert all(new in MOVES[old] for old, new in AFTER_CUSTOMER_COMMENT.items())


def test_a_number_is_the_id() -> None:
    assert ticket_number(123) == "T-000123"
    assert ticket_number(12_345_678) == "T-12345678"
    assert ticket_id("t 123") == 123
    assert ticket_id(ticket_number(12_345_678)) == 12_345_678
    assert ticket_id("T-999999999999999999") == 999_999_999_999_999_999
    assert ticket_id("order 5") is None
