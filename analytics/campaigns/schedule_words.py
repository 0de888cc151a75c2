"""A schedule in plain words, in English and Chinese. Pure."""

from collections.abc import Mapping
from datetime import UTC, date, timedelta, tzinfo

from analytics.campaigns import cron
from analytics.campaigns.schedule import (
    AfterEvent,
    Condition,
    Local,
    Once,
    Otherwise,
    Recurring,
    Schedule,
    Sequence,
    Start,
    Step,
)

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = (
    ("Sunday", "周日"),
    ("Monday", "周一"),
    ("Tuesday", "周二"),
    ("Wednesday", "周三"),
    ("Thursday", "周四"),
    ("Friday", "周五"),
    ("Saturday", "周六"),
)
_UNITS = (
    (86_400, "day", "天"),
    (3_600, "hour", "小时"),
    (60, "minute", "分钟"),
    (1, "second", "秒"),
)

EVENTS: Mapping[str, tuple[str, str, str]] = {
    "order.placed": ("order", "they ordered", "下单"),
    "ticket.opened": ("new ticket", "they opened a ticket", "新建工单"),
    "ticket.resolved": ("resolved ticket", "a ticket was resolved", "工单解决"),
    "message.received": ("message to us", "they wrote to us", "来信"),
    "feedback.scored": ("rating", "they gave a rating", "评分"),
    "contact.verified": ("proof of who they are", "they proved who they are", "通过身份验证"),
    "contact.created": ("contact with us", "they came to us", "联系我们"),
    "link_click": ("click on a link", "they clicked on a link", "点击链接"),
    "page_view": ("page view", "they viewed a page", "浏览页面"),
    "email_open": ("opened e-mail", "they opened an e-mail", "打开邮件"),
}
"""What events are called: as a thing, as what happened, and in Chinese; others are called by their name."""

_PHRASES: Mapping[str, tuple[str, str]] = {
    "list": (", ", "、"),
    "and": (" and ", "和"),
    "or": (" or ", "或"),
    "once": ("Once, on {day} at {clock} ({zone})", "一次：{day} {clock}（{zone}）"),
    "local": (
        "On {day} at {clock} in each contact's own time zone ({zone} where it is not known)",
        "{day} {clock}，按每位联系人所在的时区（时区未知时按 {zone}）",
    ),
    "recurring": ("{days} at {clock} ({zone})", "{days} {clock}（{zone}）"),
    "daily": ("every day", "每天"),
    "weekly": ("every {weekdays}", "每{weekdays}"),
    "monthly": ("on the {days} day of every month", "每月{days}"),
    "last": ("last", "最后一天"),
    "both": ("{one}, if it is {weekdays}", "{one}，且为{weekdays}"),
    "either": ("{one} and {other}", "{one}和{other}"),
    "months": ("{days}, only in {months}", "{days}（仅限{months}）"),
    "now_after": ("Right after each {event}", "每次{event}后立即发送"),
    "now_after_first": ("Right after the first {event}", "首次{event}后立即发送"),
    "after": ("{span} after each {event}", "每次{event}后 {span}"),
    "after_first": ("{span} after the first {event}", "首次{event}后 {span}"),
    "until": (", until {day} at {clock}", "，截至 {day} {clock}"),
    "if": (", if {events} meanwhile", "，前提是期间有{events}"),
    "unless": (", unless {events} meanwhile", "，如果期间有{events}则不发"),
    "sequence": (
        "{start}. Then {count} messages: {steps}",
        "{start}。随后共 {count} 条消息：{steps}",
    ),
    "step": ("({number}) after {span}{conditions}", "（{number}）{span}后{conditions}"),
    "step_now": ("({number}) at once{conditions}", "（{number}）立即{conditions}"),
    "skip": (" (otherwise skipped)", "（否则跳过此条）"),
    "end": (" (otherwise it ends)", "（否则结束）"),
    "steps": ("; ", "；"),
}


def in_words(schedule: Schedule, language: str = "en", zone: tzinfo = UTC) -> str:
    """Return a schedule as a sentence; ``zone`` is in which a single moment is told."""
    teller = _Teller(1 if language == "zh" else 0, zone)
    return teller.sequence(schedule) if isinstance(schedule, Sequence) else teller.start(schedule)


class _Teller:
    def __init__(self, place: int, zone: tzinfo) -> None:
        self._place = place
        self._zone = zone

    def start(self, schedule: Start) -> str:
        match schedule:
            case Once(at=at):
                shown = at.astimezone(self._zone)
                return self._say(
                    "once", day=self._day(shown), clock=f"{shown:%H:%M}", zone=str(self._zone)
                )
            case Local(day=day, clock=clock, default_zone=zone):
                return self._say("local", day=self._day(day), clock=f"{clock:%H:%M}", zone=zone)
            case Recurring(cron=text, zone=zone):
                plan = cron.parse(text)
                days = self._days(plan.days)
                told = self._say("recurring", days=days, clock=f"{plan.at:%H:%M}", zone=zone)
                return told[:1].upper() + told[1:]
            case AfterEvent() as after:
                shape = ("after" if after.delay else "now_after") + (
                    "_first" if after.first else ""
                )
                told = self._say(
                    shape, span=self._span(after.delay), event=self._event(after.event)
                )
                told += self._conditions(after.conditions)
                if after.until is None:
                    return told
                shown = after.until.astimezone(self._zone)
                return told + self._say("until", day=self._day(shown), clock=f"{shown:%H:%M}")

    def sequence(self, schedule: Sequence) -> str:
        steps = self._say("steps").join(
            self._step(number, step) for number, step in enumerate(schedule.steps, 1)
        )
        start = self.start(schedule.start)
        return self._say("sequence", start=start, count=len(schedule.steps), steps=steps)

    def _step(self, number: int, step: Step) -> str:
        conditions = self._conditions(step.conditions)
        if conditions:
            conditions += self._say("skip" if step.otherwise is Otherwise.SKIP else "end")
        shape = "step" if step.wait else "step_now"
        return self._say(shape, number=number, span=self._span(step.wait), conditions=conditions)

    def _conditions(self, conditions: tuple[Condition, ...]) -> str:
        told = ""
        for shape, happened, word in (("if", True, "and"), ("unless", False, "or")):
            events = [self._event(one.event, 1) for one in conditions if one.happened is happened]
            if events:
                told += self._say(shape, events=self._listed(events, word))
        return told

    def _days(self, days: cron.Days) -> str:
        weekdays = self._weekdays(days)
        told = self._of_month(days)
        every_weekday, every_day = len(days.weekdays) == 7, len(days.days) == 31
        if every_day and not every_weekday:
            told = self._say("weekly", weekdays=weekdays)
        elif days.either:
            told = self._say("either", one=told, other=self._say("weekly", weekdays=weekdays))
        elif not every_weekday:
            told = self._say("both", one=told, weekdays=weekdays)
        if len(days.months) == 12:
            return told
        return self._say("months", days=told, months=self._months(days))

    def _of_month(self, days: cron.Days) -> str:
        if len(days.days) == 31:
            return self._say("daily")
        named = [f" {n} 日" if self._place else _ordinal(n) for n in sorted(days.days)]
        if days.last_day:
            named.append(self._say("last"))
        return self._say("monthly", days=self._listed(named))

    def _weekdays(self, days: cron.Days) -> str:
        # Weeks begin on Monday.
        ordered = sorted(days.weekdays, key=lambda day: (day - 1) % 7)
        return self._listed([_WEEKDAYS[day][self._place] for day in ordered])

    def _months(self, days: cron.Days) -> str:
        return self._listed(
            [f" {n} 月" if self._place else _MONTHS[n - 1] for n in sorted(days.months)]
        )

    def _day(self, day: date) -> str:
        if self._place:
            return f"{day.year} 年 {day.month} 月 {day.day} 日"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def _span(self, span: timedelta) -> str:
        seconds = int(span.total_seconds())
        size, english, chinese = next(unit for unit in _UNITS if seconds % unit[0] == 0)
        count = seconds // size
        return f"{count} {chinese}" if self._place else f"{count} {english}{'s' * (count != 1)}"

    def _event(self, name: str, form: int = 0) -> str:
        texts = EVENTS.get(name, (name, name, name))
        return texts[2 if self._place else form]

    def _listed(self, parts: list[str], word: str = "and") -> str:
        *most, last = parts
        return self._say(word).join([self._say("list").join(most), last] if most else [last])

    def _say(self, key: str, **values: object) -> str:
        return _PHRASES[key][self._place].format(**values)


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
