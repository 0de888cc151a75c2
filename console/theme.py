"""Light, dark, or as the system says: what somebody chose, in a cookie."""

from starlette.requests import Request
from starlette.responses import Response

from console.visit import Visit

COOKIE = "frontdesk_theme"
THEMES = ("auto", "light", "dark")
_YEAR = 365 * 24 * 3600


def theme_of(request: Request) -> str:
    """Return ``auto``, ``light`` or ``dark``."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else "auto"


def keep(response: Response, visit: Visit) -> Response:
    """Let the browser keep the theme that the form asks for, if there is one of that name."""
    chosen = visit.form.get("theme", "")
    if chosen in THEMES:
        response.set_cookie(
            COOKIE, chosen, max_age=_YEAR, path="/console", httponly=True, samesite="lax"
        )
    return response
