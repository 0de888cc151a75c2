"""What a chart of the dashboard is: a picture, and what is said beside it."""

from dataclasses import dataclass

from analytics.reports.picture import Picture


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A picture, what it says of how it was computed, and on how many people; 0 is on none."""

    picture: Picture
    how: str
    people: int
    #: They are those of a trial, from whom nothing was learnt.
    of_rows: bool = False
