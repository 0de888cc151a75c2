"""Links: signed, limited in time, and nothing else opens anything."""

from datetime import timedelta

import pytest

from desk.clock import StoppedClock
from desk.feedback.links import LinkError, LinkExpiredError, SurveyLinks
from tests.conftest import NOON, SECRET

_DAY = timedelta(days=1)


@pytest.fixture
def stopped() -> StoppedClock:
    return StoppedClock(NOON)


@pytest.fixture
def links(stopped: StoppedClock) -> SurveyLinks:
    return SurveyLinks(SECRET, public_url="https://desk.example.com/", clock=stopped)


def test_a_link_leads_to_its_question(links: SurveyLinks) -> None:
    url = links.url(42, NOON + _DAY, 4)
    assert url.startswith("https://desk.example.com/f/v1.42.")
    assert url.endswith("?score=4")
    assert links.read(url.removesuffix("?score=4").rpartition("/")[2]) == 42


def test_it_ends(links: SurveyLinks, stopped: StoppedClock) -> None:
    token = links.token(42, NOON + _DAY)
    stopped.advance(_DAY - timedelta(seconds=1))
    assert links.read(token) == 42
    stopped.advance(timedelta(seconds=1))
    with pytest.raises(LinkExpiredError) as caught:
        links.read(token)
    assert caught.value.status_code == 410


def test_forged_ones_are_refused(links: SurveyLinks, stopped: StoppedClock) -> None:
    token = links.token(42, NOON + _DAY)
    body, _, signature = token.rpartition(".")
    other = SurveyLinks(SECRET + "x", public_url=None, clock=stopped).token(42, NOON + _DAY)
    forged = [
        "",
        "v1",
        body,
        token.replace(".42.", ".43."),
        token[:-1],
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token + "A",
        other,
        f"v1.42.999999999999.{signature}",
        f"v1.４２.{body.rpartition('.')[2]}.{signature}",
        "../../etc/passwd",
        "v1.42.1.é" + "A" * 42,
    ]
    for one in forged:
        with pytest.raises(LinkError) as caught:
            links.read(one)
        assert caught.value.status_code == 404, one
