"""The way of a campaign's link: over us, where it is counted, to where it leads."""

from http import HTTPStatus

from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from analytics.campaigns.clicks import Clicks
from analytics.campaigns.links import PATH, LinkError

MOST = "120/minute"
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_GONE = "This link leads nowhere any more. 此链接已失效。\n"
_SLOW = "Too many requests; wait a minute. 请求过多，请稍后再试。\n"


class Followed:
    """Sends whoever follows a link to where it leads."""

    def __init__(self, clicks: Clicks, *, most: str = MOST) -> None:
        """``most`` is how often one address may come."""
        self._clicks = clicks
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._most = parse(most)

    async def follow(self, request: Request) -> Response:
        """Go on."""
        address = request.client.host if request.client else ""
        if not await self._limiter.hit(self._most, "followed", address):
            return PlainTextResponse(_SLOW, HTTPStatus.TOO_MANY_REQUESTS, headers=_PRIVATE)
        try:
            target = await self._clicks.follow(
                request.path_params["token"], method=request.method, headers=request.headers
            )
        except LinkError:
            return PlainTextResponse(_GONE, HTTPStatus.NOT_FOUND, headers=_PRIVATE)
        return RedirectResponse(target, HTTPStatus.FOUND, headers=_PRIVATE)


def routes(clicks: Clicks) -> list[BaseRoute]:
    """Return the address of links; anybody may come."""
    return [Route(f"{PATH}/{{token}}", Followed(clicks).follow, methods=["GET"])]
