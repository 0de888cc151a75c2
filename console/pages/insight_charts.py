"""What the charts of the dashboard show, and on how many people: pure, from the figures to pictures."""

from collections.abc import Callable, Mapping, Sequence

from analytics.insight import words
from analytics.insight.board import OTHERS, UNKNOWN, Bar, Dashboard
from analytics.insight.quality import AmountQuality, Bin, ChanceQuality, Driver
from analytics.reports.picture import Form, Picture, Point
from console.pages.insight_grids import retention, scores
from console.pages.insight_shown import Chart
from console.shown import percent
from console.words import has, say

_LONGEST = 22
"""Characters of a name in a chart of this width; all of it is in the table."""


type Draw = Callable[[Dashboard, str, str], Chart]


def chart(board: Dashboard, name: str, language: str) -> Chart:
    """Return one of ``CHARTS``."""
    return CHARTS[name](board, name, language)


def tells(made: Chart) -> bool:
    """Say whether a chart says anything: that something is known of nobody is not worth one."""
    return bool(made.people) and not made.picture.is_empty


def group(name: str, language: str) -> str:
    """Return the name of a group in the reader's language."""
    return words.group(name, language)


def label(name: str, key: str, language: str) -> str:
    """Return what a part is called; groups are called by what stands out, countries by their code."""
    if key in (UNKNOWN, OTHERS):
        return say(f"insight.{key}", language)
    if name == "cluster":
        return group(key, language)
    if name in _PARTS:
        return _PARTS[name](key, language)
    word = {"rfm": "rfm", "language": "speaks", "churn": "insight.chance"}.get(
        name, f"insight.{name}"
    )
    return say(f"{word}.{key}", language) if has(f"{word}.{key}") else key


def _tenth_of_chance(key: str, language: str) -> str:
    low = round(float(key) * 100)
    return f"{low}–{low + 10}%"


_ENDS = {"0": "0.5", "0.5": "1", "1": "2", "2": "4"}


def _purchases(key: str, language: str) -> str:
    return f"{key}–{_ENDS[key]}" if key in _ENDS else f"≥ {key}"


_PARTS: Mapping[str, Callable[[str, str], str]] = {
    "churn_chance": _tenth_of_chance,
    "response_chance": _tenth_of_chance,
    "alive": _tenth_of_chance,
    "purchases": _purchases,
}


# --- distributions


def _people(board: Dashboard, name: str, language: str) -> Chart:
    bars = board.bars[name]
    total = sum(bar.people for bar in bars) or 1
    points = [
        Point(label(name, bar.key, language), "", bar.people, _text(bar, total, board.currency))
        for bar in bars
    ]
    known = sum(bar.people for bar in bars if bar.key != UNKNOWN)
    return Chart(
        picture=_bars(name, points, "insight.people", language),
        how=say(f"insight.how.{name}", language),
        people=sum(bar.people for bar in bars) if known else 0,
    )


def _text(bar: Bar, total: int, currency: str | None) -> str:
    money = "" if bar.money is None else f" · {money_text(bar.money, currency)}"
    return f"{bar.people:,} ({percent(bar.people / total)}){money}"


def money_text(value: float, currency: str | None) -> str:
    """Return money with its currency, such as ``1,234 USD``; small amounts with two digits."""
    text = f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:,.2f}"
    return f"{text} {currency}" if currency else text


def _tenths(board: Dashboard, name: str, language: str) -> Chart:
    points = [
        Point(say("insight.tenth", language, n=n), "", share, percent(share))
        for n, share in enumerate(board.tenths, start=1)
    ]
    return Chart(
        picture=_bars(name, points, "insight.share", language),
        how=say("insight.how.tenths", language),
        people=board.buyers if points else 0,
    )


def _bars(name: str, points: Sequence[Point], unit: str, language: str) -> Picture:
    short = [Point(_short(one.at), one.series, one.value, one.text) for one in points]
    return Picture(
        form=Form.BARS,
        title=say(f"insight.chart.{name}", language),
        description=", ".join(f"{one.at}: {one.text}" for one in points),
        unit=say(unit, language),
        order=tuple(one.at for one in short),
        points=tuple(short),
        language=language,
    )


def _short(name: str) -> str:
    return name if len(name) <= 2 * _LONGEST else f"{name[: 2 * _LONGEST - 1]}…"


# --- models


def _of_model(part: str) -> Draw:
    """Return what draws a part of a model, named ``score_part``."""

    def draw(board: Dashboard, name: str, language: str) -> Chart:
        score = name.removesuffix(f"_{part}")
        model = board.models.get(score)
        if not isinstance(model, ChanceQuality | AmountQuality):
            return Chart(picture=_bars(part, (), "insight.people", language), how="", people=0)
        how = say(f"insight.how.{_how(model, part)}", language)
        rows = model.measures.rows if isinstance(model, ChanceQuality) else model.rows
        return Chart(picture=_MADE[part](model, language), how=how, people=rows, of_rows=True)

    return draw


def _how(model: ChanceQuality | AmountQuality, part: str) -> str:
    return part if isinstance(model, ChanceQuality) else f"{part}_money"


def _lift(model: ChanceQuality | AmountQuality, language: str) -> Picture:
    if not isinstance(model, ChanceQuality):
        return _bars("lift", (), "insight.lift", language)
    points = [
        Point(
            say("insight.tenth", language, n=one.number),
            "",
            one.lift,
            f"{one.lift:.2f} × ({percent(one.rate)})",
        )
        for one in model.measures.lift
    ]
    return _bars("lift", points, "insight.lift", language)


def _calibration(model: ChanceQuality | AmountQuality, language: str) -> Picture:
    is_chance = isinstance(model, ChanceQuality)
    bins: tuple[Bin, ...] = (
        model.measures.calibration if isinstance(model, ChanceQuality) else model.bins
    )
    points = [_predicted(one, language, is_chance=is_chance) for one in bins]
    return Picture(
        form=Form.AGAINST,
        title=say("insight.chart.calibration", language),
        description="; ".join(f"{one.at}: {one.text}" for one in points),
        unit=say("insight.happened" if is_chance else "insight.spent", language),
        order=(),
        points=tuple(points),
        language=language,
        percent=is_chance,
        across=say("insight.predicted", language),
    )


def _predicted(one: Bin, language: str, *, is_chance: bool) -> Point:
    told = percent if is_chance else (lambda value: f"{value:,.2f}")
    at = f"{say('insight.predicted', language)} {told(one.predicted)}"
    text = say("insight.came", language, actual=told(one.actual), n=f"{one.rows:,}")
    return Point(at, "", one.actual, text, one.predicted)


def _drivers(model: ChanceQuality | AmountQuality, language: str) -> Picture:
    form = ".3f" if isinstance(model, ChanceQuality) else ",.2f"
    points = [_driver(one, form, language) for one in model.drivers]
    return _bars("drivers", points, "insight.loss", language)


def _driver(one: Driver, form: str, language: str) -> Point:
    text = f"{one.loss:{form}} ± {one.spread:{form}}"
    return Point(words.feature(one.feature, language), "", max(0.0, one.loss), text)


_MADE: Mapping[str, Callable[[ChanceQuality | AmountQuality, str], Picture]] = {
    "lift": _lift,
    "calibration": _calibration,
    "drivers": _drivers,
}


def _drawing(name: str) -> Draw:
    part = name.rpartition("_")[2]
    return _tenths if name == "tenths" else _of_model(part) if part in _MADE else _people


SECTIONS: Mapping[str, tuple[str, ...]] = {
    "who": ("age", "gender", "country", "city", "language"),
    "buying": ("rfm",),
    "groups": ("cluster",),
    "worth": ("tenths", "purchases", "alive", "value_calibration", "value_drivers"),
    "churn": ("churn", "churn_chance", "churn_lift", "churn_calibration", "churn_drivers"),
    "response": ("response_chance", "response_lift", "response_calibration", "response_drivers"),
}
"""The charts of each part of the page, in their order."""
CHARTS: Mapping[str, Draw] = {
    name: _drawing(name) for names in SECTIONS.values() for name in names
} | {"grid": scores, "retention": retention}
"""The last two are tables on the page, and pictures for whoever takes them along."""
