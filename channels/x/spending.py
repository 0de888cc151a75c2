"""What X has charged today, and whether the day's budget is used up."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from channels.x.prices import MICROS, Price
from desk.errors import RetryableError


class BudgetError(RetryableError):
    """The day's budget for X is spent."""


class Spending:
    """Counts a UTC day's charges against a budget, both in millionths of a dollar.

    It counts in one process. What was spent on reading also travels in the cursor, so that a restart does not begin
    a new day; X's own spending limit is the one that cannot be passed.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.spent = 0
        self._day: date | None = None
        self._paid: set[str] = set()

    def pay(self, price: Price, now: datetime) -> int:
        """Count one charge and return it."""
        self._turn(now.date())
        self.spent += MICROS[price]
        return MICROS[price]

    def read(self, things: Iterable[tuple[str, Price]], now: datetime) -> int:
        """Count what was read and return the charge: each thing costs once a day."""
        self._turn(now.date())
        new = {name: price for name, price in things if name not in self._paid}
        self._paid.update(new)
        return sum(self.pay(price, now) for price in new.values())

    def remember(self, day: str, spent: int, now: datetime) -> None:
        """Take over what an earlier process had counted."""
        self._turn(now.date())
        if day == now.date().isoformat():
            self.spent = max(self.spent, spent)

    def wait_at(self, now: datetime) -> timedelta | None:
        """Return how long to wait for the next day when the budget is used up; None when it is not."""
        self._turn(now.date())
        if self.spent < self.budget:
            return None
        tomorrow = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        return tomorrow - now

    def check(self, now: datetime) -> None:
        """Raise BudgetError when nothing more may be spent today."""
        wait = self.wait_at(now)
        if wait is not None:
            raise BudgetError(
                f"the day's budget of {dollars(self.budget)} for X is spent; it begins anew at midnight UTC, "
                "or raise FRONTDESK_X_DAILY_BUDGET",
                retry_in=wait,
            )

    def _turn(self, day: date) -> None:
        if day != self._day:
            self._day, self.spent = day, 0
            self._paid.clear()


def dollars(micros: int) -> str:
    """Return an amount as people write it, rounded to tenths of a cent."""
    return f"${micros / 1_000_000:.3f}"
