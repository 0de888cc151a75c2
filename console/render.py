"""Templates to responses. Everything is escaped; no template marks text as safe."""

from collections.abc import Iterable, Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from console import shown
from console.language import HTML, LANGUAGES
from console.navigation import groups
from console.theme import theme_of
from console.visit import Visit
from console.words import say
from desk.clock import Clock

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Renderer:
    """Renders pages and the regions of pages that refresh by themselves."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._served: frozenset[str] = frozenset()
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "size": shown.size,
            "percent": shown.percent,
            "marked": shown.marked,
            "ending": shown.ending,
            "money": shown.money,
        }

    def lead_to(self, paths: Iterable[str]) -> None:
        """Let the sidebar lead to these addresses; one that nothing serves is not in it."""
        self._served = frozenset(paths)

    def page(
        self, visit: Visit, template: str, status: int = HTTPStatus.OK, **context: Any
    ) -> Response:
        """Return a whole page."""
        return HTMLResponse(self._text(visit, template, context), status, HEADERS)

    def live_page(
        self,
        visit: Visit,
        template: str,
        regions: Mapping[str, str],
        status: int = HTTPStatus.OK,
        **context: Any,
    ) -> Response:
        """Return a page whose regions are already rendered."""
        # Safe because regions come from our own templates, where they were escaped.
        ready = {name: Markup(text) for name, text in regions.items()}  # noqa: S704
        known = {"regions": ready, "version": shown.version(regions), **context}
        return self.page(visit, template, status, **known)

    def region(self, visit: Visit, template: str, **context: Any) -> str:
        """Return a part of a page."""
        return self._text(visit, template, context)

    def live(self, visit: Visit, regions: Mapping[str, str], waiting: int) -> Response:
        """Answer a page that asks whether something changed since its version."""
        fresh = shown.fresh(regions, shown.digests(visit.query("version")))
        body = {"version": shown.version(regions), "waiting": waiting, "regions": fresh or None}
        return JSONResponse(body, headers=HEADERS)

    def _text(self, visit: Visit, template: str, context: Mapping[str, Any]) -> str:
        language, now = visit.language, self._clock()
        known = {
            "visit": visit,
            "language": language,
            "html_language": HTML[language],
            "languages": LANGUAGES,
            "theme": theme_of(visit.request),
            "navigation": groups(visit, self._served),
            "t": partial(_say, language=language),
            "age": lambda since: shown.age(since, now, language),
            "waited": lambda since: shown.waited(since, now, language),
            "left": lambda until: shown.left(until, now, language),
            "name_of": partial(shown.name_of, language=language),
            "named": lambda kind, key: shown.word(kind, key, language),
            "by_of": partial(shown.by_of, language=language),
            "handle_of": partial(shown.handle_of, language=language),
            "channel_of": lambda channel: shown.word("channel", channel, language),
        }
        return self._templates.get_template(template).render(**known, **context)


def _say(key: str, *, language: str, **values: object) -> str:
    return say(key, language, **values)


def go(path: str) -> Response:
    """Send the browser to another page of ours."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER, HEADERS)
