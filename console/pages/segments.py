"""Segments: the list, the builder with its preview, who belongs, what they were, and putting them away."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from analytics.segments.export import csv_of
from analytics.segments.leaves import KINDS
from analytics.segments.model import Draft as Said
from analytics.segments.model import Preview, Segment
from analytics.segments.phrases import NAMES
from analytics.segments.rule import read
from analytics.segments.service import MemberPage, Segments
from analytics.segments.words import in_words
from console.gate import Gate
from console.pages import segments_builder as builder
from console.pages import segments_form, segments_suggested
from console.pages.segments_builder import Draft
from console.pages.segments_form import ASKED, Field
from console.render import HEADERS, Renderer, go
from console.services import ConsoleServices
from console.visit import Visit
from console.words import has, say
from desk.access.policy import Deed
from desk.automation.model import short
from desk.errors import FrontdeskError, InvalidError
from desk.span import Span

SEGMENTS = "/console/segments"
EVERY = ("", "1h", "6h", "1d", "7d")
_SPAN: TypeAdapter[timedelta] = TypeAdapter(Span)
_PAGE = 50


class SegmentPages:
    """Shows and changes segments."""

    def __init__(self, segments: Segments, services: ConsoleServices, render: Renderer) -> None:
        self._segments = segments
        self._services = services
        self._render = render

    async def list(self, visit: Visit) -> Response:
        """List the segments with their size and who came and went last."""
        archived = visit.query("archived") == "1"
        found = await self._segments.list(archived=archived)
        return await self._page(
            visit,
            "segments.html",
            segments=[(one, _words(one.rule, visit.language)) for one in found],
            archived=archived,
            said=visit.query("said"),
        )

    async def begin(self, visit: Visit) -> Response:
        """Show an empty builder, or one with a name and a rule of the address, such as a suggested one."""
        form = {"every": "1d", "name": visit.query("name")[:100]}
        try:
            draft = Draft(where=segments_form.loaded(visit.query("where")))
        except InvalidError as error:
            draft = Draft(where=segments_form.EMPTY, wrong=str(error))
        return await self._builder(visit, form, draft)

    async def edit(self, visit: Visit) -> Response:
        """Show a segment in the builder."""
        found = await self._segments.get(visit.row_id("number"))
        form = {
            "name": found.name,
            "description": found.description,
            "every": short(found.every) if found.every else "",
            "edition": str(found.edition),
        }
        where = segments_form.loaded(json.dumps(found.rule["where"]))
        return await self._builder(visit, form, Draft(where=where), number=found.id)

    async def step(self, visit: Visit) -> Response:
        """Do what the pressed button says: change the rule, look what it finds, or keep it."""
        number = visit.row_id("number") if "number" in visit.request.path_params else None
        what = visit.form.get("do", "save")
        try:
            draft = builder.begun(visit.form)
        except InvalidError as error:
            empty = Draft(where=segments_form.EMPTY, wrong=str(error))
            return await self._builder(visit, visit.form, empty, number=number)
        draft = builder.step(draft, visit.form, what)
        if draft.wrong or what not in ("save", "preview"):
            return await self._builder(visit, visit.form, draft, number=number)
        try:
            if what == "preview":
                preview = await self._segments.preview(draft.rule)
                return await self._builder(
                    visit, visit.form, draft, number=number, preview=preview
                )
            kept = await self._save(visit, draft, number)
        except FrontdeskError as error:
            wrong = replace(draft, wrong=str(error))
            return await self._builder(
                visit, visit.form, wrong, number=number, status=error.status_code
            )
        return go(f"{SEGMENTS}/{kept.id}?said=saved")

    async def _save(self, visit: Visit, draft: Draft, number: int | None) -> Segment:
        form = visit.form
        said = Said(
            name=" ".join(form.get("name", "").split()),
            description=form.get("description", "").strip(),
            rule=draft.rule.written(),
            every=_every(form.get("every", "")),
        )
        if number is None:
            return await self._segments.create(said, by=visit.agent)
        edition = form.get("edition", "")
        known = int(edition) if edition.isascii() and edition.isdigit() and len(edition) < 9 else 0
        return await self._segments.change(number, said, edition=known, by=visit.agent)

    async def show(self, visit: Visit) -> Response:
        """Show a segment: its rule in words, who belongs, its refreshes and its earlier rules."""
        return await self._show(visit)

    async def _show(self, visit: Visit, why: FrontdeskError | None = None) -> Response:
        found = await self._segments.get(visit.row_id("number"))
        after = visit.query("after")[:80]
        return await self._page(
            visit,
            "segment.html",
            why.status_code if why else HTTPStatus.OK,
            segment=found,
            words=_words(found.rule, visit.language),
            runs=await self._segments.runs(found.id, limit=20),
            versions=[
                (one, _words(one.rule, visit.language))
                for one in await self._segments.versions(found.id)
            ],
            page=await self._members(found.id, after),
            after=after,
            every=_often(short(found.every) if found.every else "", visit.language),
            why=str(why) if why else "",
            said=visit.query("said"),
        )

    async def _members(self, segment_id: int, after: str) -> MemberPage | None:
        """Return a page of members, None when the engine cannot say who they are."""
        try:
            return await self._segments.members(segment_id, after=after, limit=_PAGE)
        except FrontdeskError:
            return None

    async def csv(self, visit: Visit) -> Response:
        """Give everybody who belongs away as a table; that it was taken is noted at the gate."""
        number = visit.row_id("number")
        lines = await csv_of(self._segments, number)
        name = f"segment-{number}.csv"
        return StreamingResponse(
            lines,
            media_type="text/csv; charset=utf-8",
            headers={**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def refresh(self, visit: Visit) -> Response:
        """Let it be computed as soon as somebody has time."""
        number = visit.row_id("number")
        await self._segments.ask(number)
        return go(f"{SEGMENTS}/{number}?said=asked")

    async def archive(self, visit: Visit) -> Response:
        """Put it away, or bring it back."""
        number, away = visit.row_id("number"), visit.form.get("away") == "yes"
        await self._segments.archive(number, by=visit.agent, away=away)
        return go(f"{SEGMENTS}/{number}")

    async def delete(self, visit: Visit) -> Response:
        """Forget it, if its name was written."""
        number, confirm = visit.row_id("number"), visit.form.get("confirm", "")
        try:
            await self._segments.delete(number, confirm=confirm, by=visit.agent)
        except InvalidError as error:
            return await self._show(visit, error)
        return go(f"{SEGMENTS}?said=deleted")

    async def _builder(
        self,
        visit: Visit,
        form: Mapping[str, str],
        draft: Draft,
        *,
        number: int | None = None,
        preview: Preview | None = None,
        status: int = HTTPStatus.OK,
    ) -> Response:
        language = visit.language
        editor = draft.editor
        every = form.get("every", "")
        return await self._page(
            visit,
            "segment_builder.html",
            HTTPStatus.UNPROCESSABLE_ENTITY if draft.wrong and status == HTTPStatus.OK else status,
            form=form,
            number=number,
            where=json.dumps(draft.where, ensure_ascii=False),
            top=builder.shown(draft.where, language),
            editor=editor,
            fields=[_field(one, editor.fields, language) for one in ASKED[editor.kind]]
            if editor
            else [],
            kinds=tuple(KINDS),
            every=[(one, _often(one, language)) for one in dict.fromkeys((*EVERY, every))],
            events=[name.removeprefix("event.") for name in NAMES if name.startswith("event.")],
            preview=preview,
            wrong=draft.wrong,
        )

    async def _page(
        self, visit: Visit, template: str, status: int = HTTPStatus.OK, **known: Any
    ) -> Response:
        waiting = await self._services.view.waiting()
        return self._render.page(visit, template, status, waiting=waiting, **known)


def _field(field: Field, values: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return a field as the template shows it."""
    chosen = values.get(field.name, "")
    options = [(one, _option(field.name, one, language)) for one in field.options]
    if chosen and options and chosen not in field.options:
        options.append((chosen, chosen))
    hint = f"segments.hint.{field.name}"
    return {
        "name": field.name,
        "label": say(f"segments.q.{field.name}", language),
        "hint": say(hint, language) if has(hint) else "",
        "options": options,
        "value": chosen,
        "kind": field.kind,
        "needed": field.needed,
    }


def _option(name: str, value: str, language: str) -> str:
    for key in (f"segments.{name}.{value or 'any'}", f"{name}.{value}"):
        if has(key):
            return say(key, language)
    for kind in ("field", "score"):
        if f"{kind}.{value}" in NAMES:
            return NAMES[f"{kind}.{value}"][1 if language == "zh" else 0]
    return value.upper() if name == "of" else value


def _words(rule: Mapping[str, Any], language: str) -> str:
    try:
        return in_words(read(rule), language)
    except InvalidError as error:  # of a version that is not known here any more
        return str(error)


def _often(every: str, language: str) -> str:
    named = f"segments.every.{every}"
    return say(named, language) if has(named) else say("segments.every_span", language, span=every)


def _every(text: str) -> timedelta | None:
    if not text:
        return None
    try:
        return _SPAN.validate_python(text)
    except ValidationError as error:
        raise InvalidError(f"every: {text!r:.20} is no time such as 6h or 1d") from error


def routes(gate: Gate, services: ConsoleServices, render: Renderer) -> list[BaseRoute]:
    """Return the addresses of segments; what is done to them is noted by the service."""
    if services.segments is None:
        return []
    pages = SegmentPages(services.segments, services, render)
    see, change = Deed.SEGMENT_SEE, Deed.SEGMENT_CHANGE
    one = f"{SEGMENTS}/{{number:int}}"
    posts = {
        f"{SEGMENTS}/new": pages.step,
        f"{one}/edit": pages.step,
        f"{one}/archive": pages.archive,
        f"{one}/delete": pages.delete,
    }
    return [
        Route(SEGMENTS, gate.page(pages.list, see), methods=["GET"]),
        Route(f"{SEGMENTS}/new", gate.page(pages.begin, change), methods=["GET"]),
        *segments_suggested.routes(gate, services, render),
        Route(one, gate.page(pages.show, see), methods=["GET"]),
        Route(f"{one}/people.csv", gate.page(pages.csv, Deed.REPORT_EXPORT), methods=["GET"]),
        Route(f"{one}/edit", gate.page(pages.edit, change), methods=["GET"]),
        Route(f"{one}/refresh", gate.action(pages.refresh, change), methods=["POST"]),
        *(
            Route(path, gate.action(page, change, noted=True), methods=["POST"])
            for path, page in posts.items()
        ),
    ]
