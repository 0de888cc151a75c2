"""The shop's rules: read, checked, read again when they change."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
import yaml

from desk.commerce.model import OrderStatus
from desk.commerce.policies import Policies, Topic
from desk.errors import SettingsError

_SHIPPED = Path(__file__).parents[2] / "policies.yml"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    copy = tmp_path / "policies.yml"
    copy.write_text(_SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    return copy


def _edit(path: Path, old: str, new: str) -> None:
    before = path.read_text(encoding="utf-8")
    assert before.count(old) >= 1
    path.write_text(before.replace(old, new, 1), encoding="utf-8")
    _touch(path)


def _touch(path: Path) -> None:
    # Two writes within one tick of the file system's clock would look alike.
    found = path.stat()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000))


@pytest.mark.parametrize("topic", list(Topic))
def test_every_topic_is_told_in_both_languages(topic: Topic) -> None:
    policies = Policies(_SHIPPED)
    english, chinese = policies.text(topic, "en"), policies.text(topic, "zh")
    assert english.isascii() or "–" in english
    assert any("一" <= sign <= "鿿" for sign in chinese)
    assert "{" not in english + chinese


def test_facts_stand_in_the_texts() -> None:
    policies = Policies(_SHIPPED)
    assert "within 30 days" in policies.text("refund_policy", "en")
    assert "30 天内" in policies.text("refund_policy", "zh")
    assert "Monday to Friday 9:00–18:00" in policies.text("opening_hours", "en")
    assert "周一至周五 9:00–18:00" in policies.text("opening_hours", "zh")
    assert "Lanternleaf" in policies.text("shop", "en")
    assert "https://shop.example.com/orders" in policies.text("shop", "zh")


def test_an_unknown_language_is_answered_in_english() -> None:
    policies = Policies(_SHIPPED)
    assert policies.text("review", "fr") == policies.text("review", "en")


def test_an_unknown_topic_is_an_error() -> None:
    with pytest.raises(ValueError, match="weather"):
        Policies(_SHIPPED).text("weather", "en")


def test_opening_hours_follow_the_zone_and_the_holidays() -> None:
    policies = Policies(_SHIPPED)
    assert policies.is_open(datetime(2026, 3, 2, 15, tzinfo=UTC))
    assert not policies.is_open(datetime(2026, 3, 2, 13, 59, tzinfo=UTC))
    assert not policies.is_open(datetime(2026, 12, 25, 15, tzinfo=UTC))
    christmas_eve = datetime(2026, 12, 24, 19, tzinfo=UTC)
    assert policies.next_opening(christmas_eve) == datetime(2026, 12, 26, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "total", "allowed", "fee"),
    [
        (OrderStatus.PROCESSING, 10_000, True, 0),
        (OrderStatus.PACKED, 10_000, True, 500),
        (OrderStatus.PACKED, 4_990, True, 250),
        (OrderStatus.SHIPPED, 10_000, False, 0),
        (OrderStatus.DELIVERED, 10_000, False, 0),
    ],
)
def test_cancellation(status: OrderStatus, total: int, allowed: bool, fee: int) -> None:
    found = Policies(_SHIPPED).cancellation(status, total)
    assert (found.allowed, found.fee_cents) == (allowed, fee)


def test_an_address_can_be_changed_until_the_order_leaves() -> None:
    policies = Policies(_SHIPPED)
    assert policies.can_change_address(OrderStatus.PACKED)
    assert not policies.can_change_address(OrderStatus.SHIPPED)


def test_offers_are_for_whom_they_are_for() -> None:
    policies = Policies(_SHIPPED)
    everybody = [offer.title_en for offer in policies.offers()]
    assert everybody == ["Tea for two", "Warm evenings"]
    premium = [offer.title_en for offer in policies.offers(account_type="premium")]
    assert premium == [*everybody, "Members' free shipping"]


def test_an_offer_may_be_for_a_segment(path: Path) -> None:
    _edit(path, "    account_types: [business]", "    segments: [new_customers]")
    policies = Policies(path)
    assert len(policies.offers(account_type="business")) == 2
    assert len(policies.offers(segments=["new_customers", "other"])) == 3


def test_a_changed_file_is_read_again(path: Path) -> None:
    policies = Policies(path)
    _edit(path, "window_days: 30", "window_days: 14")
    assert policies.refund_window_days == 14
    assert "within 14 days" in policies.text("refund_policy", "en")


def test_a_wrong_change_is_logged_once_and_the_last_good_file_stays(path: Path) -> None:
    policies = Policies(path)
    with structlog.testing.capture_logs() as logs:
        _edit(path, "window_days: 30", "window_days: many")
        assert policies.refund_window_days == 30
        assert "within 30 days" in policies.text("refund_policy", "en")
    assert [log["event"] for log in logs] == ["policies_rejected"]
    assert "refunds.window_days" in logs[0]["reason"]
    _edit(path, "window_days: many", "window_days: 7")
    assert policies.refund_window_days == 7


def test_a_file_that_vanishes_and_comes_back(path: Path) -> None:
    policies = Policies(path)
    content = path.read_text(encoding="utf-8")
    path.unlink()
    with structlog.testing.capture_logs() as logs:
        assert policies.refund_window_days == 30
        assert policies.refund_window_days == 30
    assert len(logs) == 1
    path.write_text(content.replace("window_days: 30", "window_days: 9"), encoding="utf-8")
    assert policies.refund_window_days == 9


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("window_days: 30", "window_days: -1", "refunds.window_days"),
        ("window_days: 30", "window: 30", "refunds.window_days"),
        ("zone: America/New_York", "zone: Mars/Olympus", "opening_hours.zone"),
        ('monday: ["9:00-18:00"]', 'monday: ["9 to 5"]', "opening_hours.week.monday"),
        ('monday: ["9:00-18:00"]', 'monday: ["9:00-25:00"]', "opening_hours.week.monday"),
        ('date: "12-25"', 'date: "13-25"', "opening_hours.holidays.3.date"),
        ("  packed: { fee_percent: 5 }", "  lost: { fee_percent: 5 }", "cancellation.lost"),
        ("  refund_policy:\n", "  refund_polcy:\n", "topics.refund_polcy"),
        ("{refund_days} days after", "{refund_dayz} days after", "topics.refund_policy.en"),
        ("url: https://shop.example.com/offers/tea-for-two", "url: javascript:alert(1)", "offers.0.url"),
        ("shop:\n", "shop: [\n", "policies.yml"),
        ("    en: Lanternleaf\n", "", "shop.name.en"),
    ],
)  # fmt: skip
def test_a_wrong_file_stops_the_start_and_names_the_key(
    path: Path, old: str, new: str, said: str
) -> None:
    _edit(path, old, new)
    with pytest.raises(SettingsError, match=said.replace(".", r"\.")) as error:
        Policies(path)
    assert "\n" not in str(error.value)


def test_a_missing_topic_is_named(path: Path) -> None:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    del content["topics"]["newsletter"]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"topics: .*newsletter"):
        Policies(path)


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.yml cannot be read"):
        Policies(tmp_path / "none.yml")
