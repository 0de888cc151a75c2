"""The shop's rules, read from one file that its owner edits while everything runs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import structlog
import yaml
from pydantic import ValidationError

from desk.commerce import hours
from desk.commerce.model import OrderStatus
from desk.commerce.rules import Rules, Topic
from desk.errors import SettingsError

__all__ = ["Cancellation", "Offer", "Policies", "Topic"]

_log = structlog.get_logger(__name__)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_LANGUAGES = ("en", "zh")

type _Stamp = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Cancellation:
    """Whether an order can be cancelled now, and what that costs."""

    allowed: bool
    fee_cents: int


@dataclass(frozen=True, kw_only=True)
class Offer:
    """Something to recommend, in both languages."""

    title_en: str
    title_zh: str
    text_en: str
    text_zh: str
    url: str
    account_types: tuple[str, ...]
    segments: tuple[str, ...]


class Policies:
    """Texts and rules; a changed file is read again, a wrong one is logged and the last good one stays."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            SettingsError: it is missing or wrong; the message names the key.
        """
        self._path = path
        self._stamp = _stamp(path)
        self._rules = load(path)
        self._texts = render(self._rules)

    @property
    def rules(self) -> Rules:
        """Everything in the file as it is now."""
        self._refresh()
        return self._rules

    def text(self, topic: str, language: str) -> str:
        """Return what to tell customers about a topic; ValueError for an unknown topic."""
        self._refresh()
        return self._texts[Topic(topic), "zh" if language == "zh" else "en"]

    def is_open(self, at: datetime) -> bool:
        """Say whether people are at work at an aware time."""
        return hours.is_open(at, self.rules.opening_hours.hours())

    def next_opening(self, at: datetime) -> datetime | None:
        """Return the first moment from ``at`` on when people are at work, in UTC; None if never."""
        return hours.next_opening(at, self.rules.opening_hours.hours())

    @property
    def zone(self) -> str:
        """The shop's time zone, to show times in."""
        return self.rules.opening_hours.zone

    @property
    def refund_window_days(self) -> int:
        """For how many days after delivery goods may come back."""
        return self.rules.refunds.window_days

    def cancellation(self, status: OrderStatus, total_cents: int) -> Cancellation:
        """Say whether an order in this status can be cancelled, and for which fee."""
        rule = self.rules.cancellation.get(status)
        if rule is None:
            return Cancellation(allowed=False, fee_cents=0)
        fee = Decimal(total_cents) * Decimal(str(rule.fee_percent)) / 100
        return Cancellation(allowed=True, fee_cents=int(fee.quantize(Decimal(1), ROUND_HALF_UP)))

    def can_change_address(self, status: OrderStatus) -> bool:
        """Say whether the shipping address of an order in this status can still be changed."""
        return status in self.rules.address_change

    def offers(
        self, *, account_type: str | None = None, segments: Iterable[str] = ()
    ) -> tuple[Offer, ...]:
        """Return the offers for a customer, in the file's order; those for nobody in particular too."""
        mine = set(segments)
        return tuple(
            Offer(
                title_en=offer.title.en,
                title_zh=offer.title.zh,
                text_en=offer.text.en,
                text_zh=offer.text.zh,
                url=offer.url,
                account_types=tuple(offer.account_types),
                segments=tuple(offer.segments),
            )
            for offer in self.rules.offers
            if (not offer.account_types or account_type in offer.account_types)
            and (not offer.segments or not mine.isdisjoint(offer.segments))
        )

    def _refresh(self) -> None:
        try:
            stamp = _stamp(self._path)
            if stamp == self._stamp:
                return
            # Remembered before reading, so that a wrong file is reported once and not at every question.
            self._stamp = stamp
            rules = load(self._path)
            texts = render(rules)
        except SettingsError as error:
            _log.warning("policies_rejected", reason=str(error))
            return
        self._rules, self._texts = rules, texts
        _log.info("policies_reloaded")


_MISSING: _Stamp = (0, 0, 0)


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError:
        return _MISSING
    return found.st_mtime_ns, found.st_size, found.st_ino


def load(path: Path) -> Rules:
    """Read and check a policies file.

    Raises:
        SettingsError: it cannot be read, or a key is wrong; the message names it.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Rules.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise SettingsError(f"{path.name}: {key}: {first['msg']}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{path.name} cannot be read: {reason}") from error


def render(rules: Rules) -> Mapping[tuple[Topic, str], str]:
    """Return every text with its placeholders filled.

    Raises:
        SettingsError: a text names an unknown placeholder.
    """
    return {
        (topic, language): _fill(
            text.get(language), facts(rules, language), f"topics.{topic}.{language}"
        )
        for topic, text in rules.topics.items()
        for language in _LANGUAGES
    }


def facts(rules: Rules, language: str) -> dict[str, str]:
    """Return what the placeholders stand for, so that a text and the rule it tells cannot disagree."""
    opening = rules.opening_hours
    return {
        "shop": rules.shop.name.get(language),
        "email": rules.shop.email,
        "phone": rules.shop.phone,
        "hours": hours.describe_week(opening.hours(), language),
        "zone": opening.zone_name.get(language),
        "refund_days": str(rules.refunds.window_days),
        "refund_paid_days": str(rules.refunds.paid_within_days),
        **{
            f"fee_{status}": f"{rule.fee_percent:g}%"
            for status, rule in rules.cancellation.items()
        },
        **{f"link_{name}": url for name, url in rules.shop.links.items()},
    }


def _fill(text: str, known: Mapping[str, str], key: str) -> str:
    unknown = [name for name in _PLACEHOLDER.findall(text) if name not in known]
    if unknown:
        raise SettingsError(
            f"policies: {key} names {{{unknown[0]}}}, but only these exist: {', '.join(known)}"
        )
    return _PLACEHOLDER.sub(lambda found: known[found[1]], text)
