"""How fast somebody may write, counted in windows."""

from channels.webchat import limits
from channels.webchat.limits import RateLimit


class Seconds:
    """A clock in seconds that moves only when told."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.at


def test_who_is_too_fast_is_told_when_the_window_ends() -> None:
    clock = Seconds()
    limit = RateLimit("3/minute", now=clock)
    assert [limit.wait_for("a") for _ in range(3)] == [0, 0, 0]
    clock.at += 20.5
    assert limit.wait_for("a") == 40
    assert limit.wait_for("b") == 0
    clock.at += 39.5
    assert limit.wait_for("a") == 0


def test_keys_whose_window_is_over_are_forgotten(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(limits, "_MANY", 10)
    clock = Seconds()
    limit = RateLimit("1/second", now=clock)
    for number in range(50):
        limit.wait_for(f"old {number}")
    clock.at += 2
    limit.wait_for("new")
    assert set(limit._windows) == {"new"}
    assert limit.wait_for("new") == 1
