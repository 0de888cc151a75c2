"""Dates in Chinese, each form with what it means."""

from __future__ import annotations

import re
from datetime import datetime

from bot.nlu.entities import spans
from bot.nlu.entities.date_english import moved
from bot.nlu.entities.numerals import HAN, chinese
from bot.nlu.entities.spans import DAY, Forms, Span

_NEAR_DAYS = {
    "大前": -3,
    "前": -2,
    "昨": -1,
    "今": 0,
    "明": 1,
    **dict.fromkeys("后後", 2),
    **dict.fromkeys(("大后", "大後"), 3),
}
_WEEKDAYS = {**{name: number for number, name in enumerate("一二三四五六日")}, "天": 6}
_STEPS = {"上": -1, "下": 1}
_YEARS = {"前": -2, "去": -1, "今": 0, "明": 1, "后": 2, "後": 2}
_UNITS = {
    **dict.fromkeys("天日", "day"),
    **dict.fromkeys("周週期拜", "week"),
    "月": "month",
    "年": "year",
    **dict.fromkeys("时時", "hour"),
}
_COUNTS = {"半": 0.5, "几": 3, "幾": 3}
_PARTS = {"上旬": (1, 10), "中旬": (11, 20), "下旬": (21, 31), "初": (1, 10), "底": (21, 31)}
_WEEK = "(?:周|週|星期|礼拜|禮拜)"
_MONTH_DIGITS, _DAY_DIGITS = r"(?:1[0-2]|0?[1-9])", r"(?:3[01]|[12][0-9]|0?[1-9])"


def _month_part(month: Span, words: str) -> Span:
    first, last = _PARTS[words]
    return Span(
        month.first + (first - 1) * DAY, min(month.first + (last - 1) * DAY, month.last), "days"
    )


def _month_day(found: re.Match[str], today: datetime, order: str) -> Span | None:
    here = today.date()
    month = chinese(found["m"]) or 0
    year = found["y"]
    if year and len(year) == 2:
        year = f"20{year}"
    if year in _YEARS:
        year = str(here.year + _YEARS[year])
    if not 1 <= month <= 12:
        return None
    if found["d"]:
        day = chinese(found["d"]) or 0
        when = spans.valid(int(year), month, day) if year else spans.day_of_year(here, month, day)
        return spans.day(when) if when else None
    middle = None if year else spans.day_of_year(here, month, 15)
    whole = spans.month(int(year) if year else middle.year if middle else here.year, month)
    return _month_part(whole, found["part"]) if found["part"] in _PARTS else whole


def _year(found: re.Match[str], today: datetime, order: str) -> Span | None:
    return spans.year(today.year + _YEARS[found["y"]])


def _day_of_month(found: re.Match[str], today: datetime, order: str) -> Span | None:
    when = spans.day_of_month(today.date(), int(found["d"]))
    return spans.day(when) if when else None


def _near_day(found: re.Match[str], today: datetime, order: str) -> Span | None:
    return spans.day(today.date() + _NEAR_DAYS[found["words"]] * DAY)


def _week(found: re.Match[str], today: datetime, order: str) -> Span | None:
    """上周五 is the Friday of last week, 下下周 the week after next; a bare 周五 is this week's."""
    here, step = today.date(), found.groupdict().get("step") or ""
    weeks = sum(_STEPS.get(one, 0) for one in step)
    if found["day"] is None:
        return spans.week(here, weeks)
    if found["day"] == "末":
        return spans.weekend(here, weeks)
    return spans.weekday(here, _WEEKDAYS[found["day"]], weeks)


def _month(found: re.Match[str], today: datetime, order: str) -> Span | None:
    here = today.date()
    whole = spans.month(here.year, here.month + sum(_STEPS.get(one, 0) for one in found["step"]))
    if found["part"]:
        return _month_part(whole, found["part"])
    if found["d"]:
        when = spans.valid(whole.first.year, whole.first.month, int(found["d"]))
        return spans.day(when) if when else None
    return whole


def _counted(found: re.Match[str], today: datetime, order: str) -> Span | None:
    """三天前, 半年后, 几天前 (about three)."""
    words, unit = found["count"], _UNITS[found["unit"][-1]]
    if (words, unit) == ("半", "month"):
        words, unit = "15", "day"
    count = _COUNTS.get(words) or chinese(words)
    if count is None:
        return None
    return moved(today, -count if found["way"] == "前" else count, unit)


def _few_days_ago(found: re.Match[str], today: datetime, order: str) -> Span | None:
    return spans.day(today.date() - (2 if found["few"] in "两兩" else 3) * DAY)


def _vague(found: re.Match[str], today: datetime, order: str) -> Span | None:
    """前阵子 has no day."""
    return None


FORMS: Forms = [
    (
        rf"(?:(?<![0-9])(?P<y>(?:19|20)?[0-9]{{2}}|[去今明前](?=年)) ?年 ?|(?<![0-9]))(?P<m>{_MONTH_DIGITS}) ?月 ?"
        rf"(?:(?P<d>{_DAY_DIGITS})(?![0-9]) ?[日号號]?|(?P<part>[上中下]旬|初|底|份))?",
        _month_day,
    ),
    (
        r"(?:(?P<y>[去今明前](?=年))年)?(?P<m>[一二三四五六七八九十]{1,2})月"
        r"(?:(?P<d>[一二三四五六七八九十廿]{1,3})[日号號]|(?P<part>[上中下]旬|初|底|份))",
        _month_day,
    ),
    (
        r"(?<![0-9A-Za-z#第路街道巷弄里村区區号號-])(?P<d>3[01]|[12][0-9]|[1-9])[号號]"
        r"(?![楼樓院门門店线線室码碼仓机機0-9])",
        _day_of_month,
    ),
    (r"(?<![以之])(?P<words>大?[前后後])天(?!天)", _near_day),
    (r"(?P<words>[昨今明])(?:[天日儿早]|晚上?)(?:早上|上午|中午|下午|晚上)?", _near_day),
    (
        rf"(?P<step>上{{1,2}}|这|這|本|下{{1,2}})[个個]?{_WEEK}(?P<day>[一二三四五六日天末])?",
        _week,
    ),
    (
        rf"(?<![个個一二两兩三四五六七八九十几幾半0-9])(?<![0-9] ){_WEEK}(?P<day>[一二三四五六日天末])(?![个個])",
        _week,
    ),
    (
        r"(?P<step>上{1,2}|这|這|本|下{1,2})[个個]?月(?:(?P<part>初|底|[上中下]旬)"
        r"|(?P<d>3[01]|[12][0-9]|[1-9])[号號日])?",
        _month,
    ),
    (r"(?P<y>[去今明前])年", _year),
    (
        rf"(?P<count>(?<![0-9])[0-9]{{1,3}}|[{HAN}]{{1,3}}|[几幾半]) ?"
        r"(?P<unit>天|日|[个個]?(?:星期|礼拜|禮拜)|周|週|[个個]?月|年|[个個]?小[时時])[之以]?(?P<way>[前后後])(?!天)",
        _counted,
    ),
    (r"前(?P<few>[几幾两兩些])天", _few_days_ago),
    (r"前(?:阵子|陣子)", _vague),
]
"""Pattern and meaning of the forms that have Chinese characters."""
