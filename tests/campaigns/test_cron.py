"""The days of a cron, and what is wrong with one."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.campaigns import cron
from analytics.campaigns.occurrences import (
    next_occurrence,
)
from analytics.campaigns.schedule import (
    Recurring,
    read,
)
from desk.errors import InvalidError
from tests.campaigns.zones import at

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


CRON = [
    ("0 9 * * mon", "2026-03-02 2026-03-09 2026-03-16"),
    ("0 9 * * 1", "2026-03-02 2026-03-09 2026-03-16"),
    ("0 9 * * 0", "2026-03-01 2026-03-08 2026-03-15"),
    ("0 9 * * 7", "2026-03-01 2026-03-08 2026-03-15"),
    ("0 9 * * FRI-SUN", "2026-03-01 2026-03-06 2026-03-07 2026-03-08"),
    ("0 9 1,15 * *", "2026-03-01 2026-03-15 2026-04-01"),
    ("0 9 L * *", "2026-03-31 2026-04-30 2026-05-31"),
    ("0 9 31 * *", "2026-03-31 2026-05-31 2026-07-31"),
    ("0 9 29 2 *", "2028-02-29 2032-02-29"),
    ("0 9 13 * fri", "2026-03-06 2026-03-13 2026-03-20"),
    ("0 9 */10 * mon", "2026-05-11 2026-06-01 2026-08-31"),
    ("0 9 25/3 dec *", "2026-12-25 2026-12-28 2026-12-31 2027-12-25"),
]


@pytest.mark.parametrize(("text", "days"), CRON)
def test_cron_has_the_days_that_cron_has(text: str, days: str) -> None:
    plan = Recurring(cron=text, zone="UTC")
    found, after = [], at("2026-02-28T12:00")
    for _ in days.split():
        one = next_occurrence(plan, after)
        assert one is not None
        found.append(one.key)
        after = one.at
    assert " ".join(found) == days


WRONG_CRON = [
    ("0 9 * *", "has 4 fields"),
    ("", "has 0 fields"),
    ("*/5 9 * * *", "minute: '*/5' is not one number from 0 to 59"),
    (
        "0 9,18 * * *",
        "hour: '9,18' is not one number from 0 to 23; a campaign goes out at most once",
    ),
    ("0 24 * * *", "hour: '24'"),
    ("0 9 0 * *", "day of month: '0' is no number from 1 to 31"),
    ("0 9 32 * *", "day of month: '32'"),
    ("0 9 * foo *", "month: 'foo' is no number from 1 to 12 or a name such as jan"),
    ("0 9 * * 8", "weekday: '8' is no number from 0 to 7"),
    ("0 9 10-5 * *", "day of month: '10-5' ends before it begins"),
    ("0 9 */0 * *", "has a step of 0"),
    ("0 9 1,,2 * *", "day of month: '' is not such as"),
    ("0 9 30 2 *", "never happens"),
    ("0 9 31 4,6 *", "never happens"),
    ("² 9 * * *", "minute: '²'"),
    ("@daily", "has 1 fields"),
]


@pytest.mark.parametrize(("text", "why"), WRONG_CRON)
def test_what_is_wrong_with_a_cron_is_said(text: str, why: str) -> None:
    with pytest.raises(InvalidError, match="cron: ") as error:
        read({"kind": "recurring", "cron": text, "zone": "UTC"})
    assert why in str(error.value)


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="0123456789*-/,Lmonjaf ", max_size=24))
def test_any_text_is_a_cron_or_refused(text: str) -> None:
    try:
        plan = cron.parse(text)
    except InvalidError:
        return
    assert any(plan.days.on(date(2080, 1, 1) + n * DAY) for n in range(cron.HORIZON.days))
