"""What the process that draws is asked, and answers: one line of JSON each."""

from msgspec import Struct

from analytics.reports.picture import Look, Picture


class Order(Struct, frozen=True):
    """A chart to draw, with its size in pixels."""

    picture: Picture
    look: Look = Look.LIGHT
    width: int = 640
    height: int = 220
    png: bool = False


class Drawn(Struct, frozen=True):
    """The chart, in base 64, or why there is none."""

    data: str = ""
    error: str = ""
