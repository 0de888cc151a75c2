"""Values drawn with the ends between which they lie."""

import re

import pytest

from analytics.reports.drawing import draw
from analytics.reports.order import Order
from analytics.reports.picture import Form, Look, Picture, Point

ROWS = (
    Point("bold", "", 2.0, "2", low=-1.0, high=5.0),
    Point("plain", "", 0.0, "0", low=-4, high=4),
)


def _picture(*points: Point) -> Picture:
    return Picture(
        form=Form.BETWEEN,
        title="Conversions added",
        description="bold: 2",
        unit="points",
        order=tuple(one.at for one in points),
        points=points,
    )


def _lines(svg: str) -> list[tuple[float, float]]:
    """Return where each thick line begins and how long it is."""
    lines = [one for one in re.findall(r"<line [^>]*>", svg) if 'stroke-width="3"' in one]
    places = [re.search(r'translate\(([\d.]+),[\d.]+\)" x2="([\d.]+)"', one) for one in lines]
    return [(float(one[1]), float(one[2])) for one in places if one]


def test_each_value_lies_between_its_ends_beside_nothing() -> None:
    svg = draw(Order(_picture(*ROWS), Look.LIGHT, 480, 200)).decode()
    lines = _lines(svg)
    # From -1 to 5 and from -4 to 4, on one scale.
    (bold, six), (plain, eight) = lines
    assert six / eight == pytest.approx(6 / 8)
    assert (bold - plain) / eight == pytest.approx(3 / 8)
    for name in ("bold", "plain", "points"):
        assert f">{name}<" in svg
    assert 'stroke-dasharray="5,4"' in svg


def test_an_interval_about_nothing_is_something_to_draw() -> None:
    assert not _picture(ROWS[1]).is_empty
    assert _picture().is_empty
