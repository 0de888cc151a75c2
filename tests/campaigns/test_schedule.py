"""Schedules are read from JSON, refused with the place of what is wrong, and told in words."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.campaigns.schedule import (
    AfterEvent,
    Condition,
    Local,
    Once,
    Otherwise,
    Recurring,
    Sequence,
    Step,
    read,
    written,
)
from analytics.campaigns.schedule_words import in_words
from desk.errors import InvalidError
from tests.campaigns.zones import CLOCKS, ZONES, at, moments

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


WRONG: list[tuple[Any, str]] = [
    (None, 'a schedule is an object such as {"version": 1'),
    ({"version": 2, "kind": "once"}, "version: 2 is not known here; write 1"),
    ({"version": True, "kind": "once"}, "version: True"),
    ({"kind": "weekly"}, "kind: 'weekly' is none of: once, local, recurring"),
    ({"kind": "once"}, "at: Field required"),
    ({"kind": "once", "at": "2026-12-01T09:00"}, "is in no time zone; write it such as"),
    ({"kind": "once", "at": 1764547200}, "at: 1764547200 is not written as"),
    ({"kind": "once", "at": "1764547200"}, "at: '1764547200' is not written as"),
    ({"kind": "once", "at": "1826-12-01T09:00Z"}, "at: the year 1826 is not from 2000 to 2199"),
    ({"kind": "once", "at": "2026-12-01T09:00Z", "zone": "UTC"}, "zone: Extra inputs"),
    ({"kind": "local", "day": "2026-02-30", "clock": "09:00"}, "day: "),
    ({"kind": "local", "day": "2026-02-03", "clock": "09:00:30"}, "clock: 09:00:30 is not a time"),
    ({"kind": "local", "day": "2026-02-03", "clock": 900}, "clock: 900 is not written as"),
    ({"kind": "recurring", "cron": "0 9 * * *"}, "zone: Field required"),
    ({"kind": "recurring", "cron": "0 9 * * *", "zone": "../x"}, "zone: '../x' is no time zone"),
    ({"kind": "recurring", "cron": "0 9 * * *", "zone": "Mars"}, "zone: 'Mars' is no time zone"),
    ({"kind": "after_event", "event": "order", "delay": 7}, "delay: 7 is not a time such as 90s"),
    ({"kind": "after_event", "event": "order", "delay": "999d"}, "delay: Input should be less"),
    ({"kind": "after_event", "event": "a b", "delay": "1d"}, "event: String should match"),
    (
        {"kind": "sequence", "start": {"kind": "once", "at": "2026-12-01T09:00Z"}, "steps": []},
        "steps: ",
    ),
    (
        {"kind": "sequence", "start": {"kind": "sequence"}, "steps": [{"wait": "1d"}]},
        "start: Input tag 'sequence'",
    ),
    (
        {
            "kind": "sequence",
            "start": {"kind": "once", "at": "2026-12-01T09:00Z"},
            "steps": [{"wait": "1d"}, {"wait": "1w"}],
        },
        "steps[2].wait: '1w' is not a time",
    ),
]


@pytest.mark.parametrize(("given_", "why"), WRONG)
def test_what_is_wrong_is_said_with_its_place(given_: Any, why: str) -> None:
    with pytest.raises(InvalidError) as error:
        read(given_)
    assert why in str(error.value)


CRONS = ("0 9 * * mon", "30 23 1,15,L * *", "0 0 13 6-8 fri", "5 4 */10 * 1-5", "0 9 * * *")
WAITS = st.integers(0, 366 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
CONDITIONS = st.lists(
    st.builds(
        Condition, event=st.sampled_from(["order.placed", "link_click"]), happened=st.booleans()
    ),
    max_size=3,
).map(tuple)
EVENTS = st.builds(
    AfterEvent,
    event=st.just("ticket.resolved"),
    delay=WAITS,
    first=st.booleans(),
    conditions=CONDITIONS,
)
STARTS = st.one_of(
    st.builds(Once, at=moments(2000, 2199)),
    st.builds(
        Local,
        day=st.dates(date(2000, 1, 1), date(2199, 12, 31)),
        clock=CLOCKS,
        default_zone=st.sampled_from(ZONES),
    ),
    st.builds(Recurring, cron=st.sampled_from(CRONS), zone=st.sampled_from(ZONES)),
    EVENTS,
)
SCHEDULES = st.one_of(
    STARTS,
    st.builds(
        Sequence,
        start=STARTS,
        steps=st.lists(
            st.builds(
                Step, wait=WAITS, conditions=CONDITIONS, otherwise=st.sampled_from(Otherwise)
            ),
            min_size=1,
            max_size=4,
        ).map(tuple),
    ),
)


@settings(max_examples=200, deadline=None)
@given(schedule=SCHEDULES)
def test_what_is_written_is_read_again(schedule: Any) -> None:
    assert read(written(schedule)) == schedule
    for language in ("en", "zh"):
        told = in_words(schedule, language)
        assert "{" not in told


def test_an_instant_is_kept_in_utc() -> None:
    given_ = read({"kind": "once", "at": "2026-12-01T09:00+08:00"})
    assert written(given_) == {"version": 1, "kind": "once", "at": "2026-12-01T01:00:00Z"}


TOLD: list[tuple[dict[str, Any], str, str]] = [
    (
        {"kind": "once", "at": "2026-12-01T09:00Z"},
        "Once, on 1 December 2026 at 09:00 (UTC)",
        "一次：2026 年 12 月 1 日 09:00（UTC）",
    ),
    (
        {"kind": "local", "day": "2026-12-01", "clock": "09:00", "default_zone": "Asia/Shanghai"},
        "On 1 December 2026 at 09:00 in each contact's own time zone "
        "(Asia/Shanghai where it is not known)",
        "2026 年 12 月 1 日 09:00，按每位联系人所在的时区（时区未知时按 Asia/Shanghai）",
    ),
    (
        {"kind": "recurring", "cron": "30 9 * * 1,5", "zone": "Europe/Berlin"},
        "Every Monday and Friday at 09:30 (Europe/Berlin)",
        "每周一和周五 09:30（Europe/Berlin）",
    ),
    (
        {"kind": "recurring", "cron": "0 9 * * *", "zone": "UTC"},
        "Every day at 09:00 (UTC)",
        "每天 09:00（UTC）",
    ),
    (
        {"kind": "recurring", "cron": "0 9 1,22,L * *", "zone": "UTC"},
        "On the 1st, 22nd and last day of every month at 09:00 (UTC)",
        "每月 1 日、 22 日和最后一天 09:00（UTC）",
    ),
    (
        {"kind": "recurring", "cron": "0 9 13 6 fri", "zone": "UTC"},
        "On the 13th day of every month and every Friday, only in June at 09:00 (UTC)",
        "每月 13 日和每周五（仅限 6 月） 09:00（UTC）",
    ),
    (
        {"kind": "after_event", "event": "order.placed", "delay": "7d", "first": True},
        "7 days after the first order",
        "首次下单后 7 天",
    ),
    (
        {
            "kind": "sequence",
            "start": {"kind": "after_event", "event": "ticket.resolved", "delay": "0s"},
            "steps": [
                {"wait": "1h"},
                {"wait": "3d", "conditions": [{"event": "order.placed", "happened": False}]},
            ],
        },
        "Right after each resolved ticket. Then 2 messages: (1) after 1 hour; "
        "(2) after 3 days, unless they ordered meanwhile (otherwise it ends)",
        "每次工单解决后立即发送。随后共 2 条消息：（1）1 小时后；（2）3 天后，如果期间有下单则不发（否则结束）",
    ),
]


@pytest.mark.parametrize(("given_", "english", "chinese"), TOLD)
def test_a_schedule_in_words(given_: dict[str, Any], english: str, chinese: str) -> None:
    assert in_words(read(given_)) == english
    assert in_words(read(given_), "zh") == chinese


def test_a_single_moment_is_told_in_the_zone_of_who_reads() -> None:
    told = in_words(Once(at=at("2026-12-01T09:00")), zone=ZoneInfo("Asia/Shanghai"))
    assert told == "Once, on 1 December 2026 at 17:00 (Asia/Shanghai)"
