"""Charts: drawn with words that people can read, in a process that comes and goes."""

import asyncio
import signal
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from xml.etree import ElementTree

import pytest

from analytics.reports.charts import ChartError, Charts, version
from analytics.reports.order import Order
from analytics.reports.picture import Form, Look, Picture, Point


@pytest.fixture
async def charts() -> AsyncIterator[Charts]:
    charts = Charts()
    yield charts
    await charts.close()


def bars(title: str, *names: str) -> Picture:
    points = tuple(Point(name, "", 3.0, "3") for name in names)
    return Picture(Form.BARS, title, f"about {title}", "unit", names, points, "zh")


def days(form: Form) -> Picture:
    series = ("助手独立完成", "有人工参与")
    points = tuple(
        Point(f"2026-03-{day:02}", name, float(day) if day % 3 else None, str(day))
        for day in range(1, 8)
        for name in series
    )
    return Picture(form, "由谁解决", "d", "会话", series, points, "zh")


async def test_every_form_is_drawn_with_its_words_and_no_script(charts: Charts) -> None:
    for picture in (days(Form.STACK), days(Form.LINES), bars("<原因> & more", "人工", "b</text>")):
        for look in Look:
            svg = (await charts.draw(Order(picture, look))).decode()
            root = ElementTree.fromstring(svg)  # noqa: S314 - our own
            texts = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
            assert set(picture.order) <= texts
            title, description = root[0], root[1]
            assert (title.text, description.text) == (picture.title, picture.description)
            assert root.get("role") == "img"
            assert "<script" not in svg
            assert "style=" not in svg


@pytest.mark.parametrize(("most", "ticks"), [(1, "01"), (2, "012"), (3, "0123"), (5, "012345")])
async def test_few_things_are_counted_in_whole_numbers_and_each_day_is_named_once(
    charts: Charts, most: int, ticks: str
) -> None:
    told = {"2026-03-01": ("a", most - 1), "2026-03-02": ("a", 0), "2026-03-03": ("b", 0)}
    points = [Point(day, name, float(count), "") for day, (name, count) in told.items()]
    points.append(Point("2026-03-01", "b", 1.0, "1"))
    picture = Picture(Form.STACK, "t", "d", "Conversations", ("a", "b"), tuple(points))
    root = ElementTree.fromstring(await charts.draw(Order(picture)))  # noqa: S314 - our own
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["Mar 1", "Mar 2", "Mar 3", *ticks, "Conversations", "a", "b"]


async def test_chinese_is_drawn_in_a_picture_and_not_as_empty_boxes(charts: Charts) -> None:
    def order(name: str) -> Order:
        return Order(bars("", name), width=300, png=True)

    # A character that no font has is drawn as a box: all of them the same.
    drawn = {name: pixels(await charts.draw(order(name))) for name in ("人", "工", "\U000e0fff")}
    assert len(set(drawn.values())) == 3
    assert all(len(set(each)) > 8 for each in drawn.values())


def pixels(png: bytes) -> bytes:
    """Return the pictures' bytes: the width does not tell them apart, and nothing else is in them."""
    assert png.startswith(b"\x89PNG")
    at, data = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    return zlib.decompress(data)


async def test_the_same_chart_is_drawn_once(charts: Charts) -> None:
    one = Order(bars("a", "b"))
    first = await charts.draw(one)
    await charts.close()
    assert await charts.draw(Order(bars("a", "b"))) is first
    assert not charts.is_running
    assert version(one) != version(Order(bars("a", "c")))


async def test_the_loop_goes_on_while_something_is_drawn(charts: Charts) -> None:
    drawing = asyncio.create_task(charts.draw(Order(days(Form.STACK))))
    turns = 0
    while not drawing.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert (await drawing).startswith(b"<svg")
    assert turns > 10


async def test_a_process_that_dies_is_started_again(charts: Charts) -> None:
    await charts.draw(Order(bars("a", "b")))
    assert charts.is_running
    process = charts._process
    assert process
    process.kill()
    with suppress(ChartError):  # it may have noticed already: then this is drawn at once
        await charts.draw(Order(bars("c", "d")))
    assert process.returncode == -signal.SIGKILL
    assert (await charts.draw(Order(bars("e", "f")))).startswith(b"<svg")


async def test_a_chart_that_cannot_be_drawn_is_an_error_and_the_next_is_drawn(
    charts: Charts,
) -> None:
    broken = Picture(Form.STACK, "", "", "", (), (), "en", step="century")
    with pytest.raises(ChartError):
        await charts.draw(Order(broken))
    assert (await charts.draw(Order(bars("e", "f")))).startswith(b"<svg")


async def test_a_process_that_is_not_needed_ends() -> None:
    charts = Charts(idle=0.05)
    await charts.draw(Order(bars("a", "b")))
    process = charts._process
    assert process
    await asyncio.wait_for(process.wait(), 20)
    assert process.returncode == 0
    assert not charts.is_running
