"""The image of a post is looked at before it is kept, and stays while a post names it."""

from datetime import timedelta

import pytest

from analytics.posts.model import FaultError
from analytics.posts.pictures import kept
from analytics.posts.places import Places
from analytics.posts.service import Posts
from app.wiring import Desk
from desk.clock import StoppedClock
from desk.errors import NotFoundError
from tests.posts.conftest import draft

PIXEL = b"\x89PNG\r\n\x1a\n" + bytes(40)


async def test_it_stays_while_a_post_names_it(
    posts: Posts, places: Places, desk: Desk, clock: StoppedClock
) -> None:
    place = places.of("memory")
    named = await kept(desk.media, place, "pot.png", PIXEL)
    alone = await kept(desk.media, place, "cup.png", PIXEL + b"another")
    assert (named.name, named.content_type) == ("pot.png", "image/png")
    await posts.draft(draft(image=named), by="Ada")
    clock.advance(timedelta(days=30))
    await desk.sweep.step()
    assert await desk.media.open(named.key) == PIXEL
    with pytest.raises(NotFoundError):
        await desk.media.open(alone.key)


WRONG = [
    (b"GIF89a" + bytes(40), "image_type"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image_type"),
    (PIXEL + bytes(100_000), "image_size"),
]


@pytest.mark.parametrize(("content", "code"), WRONG)
async def test_what_a_platform_does_not_take_is_not_kept(
    places: Places, desk: Desk, content: bytes, code: str
) -> None:
    with pytest.raises(FaultError) as caught:
        await kept(desk.media, places.of("memory"), "pot.png", content)
    assert caught.value.code == code
