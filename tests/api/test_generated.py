"""Requests that were made up from the API's own document, with tokens, half of them about rows that are there."""

import asyncio
import re
import shutil
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import openapi
from schemathesis.specs.openapi import checks
from starlette.applications import Starlette

from analytics.campaigns import plan
from analytics.offers.model import Draft
from app.wiring import Desk, build
from channels.memory.adapter import MemoryChannel
from console.api import application
from console.api.services import ApiServices
from desk.clock import StoppedClock
from desk.dialogue.memory import MemoryDialogue
from desk.listing.service import Listing
from desk.message import Attachment
from desk.settings import Settings
from tests.api.conftest import HOST, api_services, token_of
from tests.campaigns.people import segment
from tests.conftest import NOON, ROOT, SECRET, TOKEN
from tests.talk import conversation, says

EXAMPLES = 6
"""Made up by chance for each operation, besides those that cover the edges of every field."""
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.unsupported_method,
]
_ID = "[0-9a-f]{32}|T-[0-9]{1,18}"


class Served:
    """The API in a loop of its own, so that tests without one can ask it."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        chosen = Settings(
            _env_file=None,
            data_dir=folder,
            database_url=f"sqlite:///{path}",
            secret_key=SECRET,
            rasa_token=TOKEN,
            policies=ROOT / "policies.yml",
        )
        self.seen: Counter[int] = Counter()
        self.asked: Counter[str] = Counter()
        self.desk, self.client = self.run(self._start(chosen))
        self.rows = self.run(self._rows())

    async def _start(self, chosen: Settings) -> tuple[Desk, httpx.AsyncClient]:
        memory = MemoryChannel()
        desk = build(
            chosen,
            dialogue=MemoryDialogue(),
            channels={memory.name: memory},
            clock=StoppedClock(NOON),
        )
        app = Starlette(routes=application.mount(api_services(desk)))
        headers = {"Authorization": f"Bearer {await token_of(desk)}"}
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        return desk, httpx.AsyncClient(transport=transport, headers=headers)

    async def _rows(self) -> dict[str, list[Any]]:
        """Make rows to ask for; return their ids by what they are."""
        names = ("contacts", "conversations", "tickets", "targets", "files")
        found: dict[str, list[Any]] = {name: [] for name in names}
        for number in range(6):
            file = Attachment(name="a.txt", content_type="text/plain", content=b"a")
            await says(self.desk, "hello", f"c{number}", attachments=(file,))
            talk = await conversation(self.desk, f"c{number}")
            # Only tickets of one contact can become one.
            ticket, target = [
                await self.desk.tickets.open(
                    key=f"{kind}{number}",
                    conversation_id=talk.id,
                    topic="refund",
                    title="Money",
                    description="Back",
                )
                for kind in "tu"
            ]
            await self.desk.feedback.record(conversation_id=talk.id, score=4, key=f"k{number}")
            if number % 2:
                await self.desk.handoff.take_over(talk.id, agent="Mo")
            (said, *_) = (
                await Listing(self.desk.database).messages(talk.id, after=None, limit=1)
            ).rows
            found["files"].append(said.files[0].id)
            found["contacts"].append(talk.contact_id)
            found["conversations"].append(talk.id)
            found["tickets"].append(ticket.number)
            found["targets"].append(target.number)
        found |= await self._campaigns(found["contacts"])
        agents = [await self.desk.agents.add(name=name) for name in ("Kim", "Lee")]
        emails = [f"new{number}@example.com" for number in range(50)]
        return {
            **found,
            "agents": [agent.id for agent in agents],
            "names": [agent.name for agent in agents],
            "emails": emails,
        }

    async def _campaigns(self, contacts: list[str]) -> dict[str, list[Any]]:
        """Make campaigns of somebody else's in every state from which something can be done, and offers."""
        database, campaigns = self.desk.database, self.desk.campaigns.campaigns
        everybody = await segment(database, [f"p:{one}" for one in contacts])
        texts = {"contents": {"en": {"text": "Hello"}}}
        decided = plan.read(
            {
                "segment_id": everybody,
                "channels": ["memory"],
                "variants": [{"name": "a", "template": texts}],
                "schedule": {"kind": "once", "at": (NOON + timedelta(days=1)).isoformat()},
            }
        )
        found: dict[str, list[Any]] = {}
        for step in ("", "launch", "approve", "pause", "resume", "cancel"):
            for number in range(10):
                made = await campaigns.create(f"{step} {number}", decided, by="Kim")
                if step in ("pause", "resume"):
                    await campaigns.launch(made.id, by="Kim")
                if step == "resume":
                    await campaigns.pause(made.id, by="Kim")
                found.setdefault(f"campaigns {step}".strip(), []).append(made.id)
        offers = [
            await self.desk.offers.offers.add(_offer(f"tea-{n}"), by="Kim") for n in range(6)
        ]
        names = [f"made {number}" for number in range(50)]
        codes = [f"made-{number}" for number in range(50)]
        return found | {
            "offers": [one.id for one in offers],
            "plans": [decided.written()],
            "editions": [1],
            "titles": names,
            "codes": codes,
        }

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Do something in the loop of the API."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def ask(self, case: schemathesis.Case) -> httpx.Response:
        """Make the request of a case."""
        made = requests.Request(**case.as_transport_kwargs(base_url=f"{HOST}/api/v1")).prepare()
        sent = self.client.build_request(
            str(made.method), str(made.url), content=made.body, headers=dict(made.headers)
        )
        answer = self.run(self.client.send(sent))
        self.seen[answer.status_code] += 1
        self.asked[f"{case.operation.label} {answer.status_code}"] += 1
        return answer

    def close(self) -> None:
        """Let go of everything."""
        self.run(self.client.aclose())
        self.run(self.desk.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def served(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return an API with some rows."""
    folder = tmp_path_factory.mktemp("generated")
    served = Served(shutil.copy(template, folder / "desk.sqlite"), folder)
    yield served
    served.close()


def _document() -> schemathesis.BaseSchema:
    """Return what the API says about itself; for that it needs nothing to work with."""
    services = ApiServices(
        **{**dict.fromkeys(ApiServices.__dataclass_fields__), "rate": "1/minute"}
    )
    config = schemathesis.Config.from_dict({"seed": 6, "generation": {"deterministic": True}})
    return openapi.from_dict(application.build(services).openapi(), config=config)


api = _document()


@api.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_nothing_breaks_and_nothing_is_a_surprise(case: schemathesis.Case, served: Served) -> None:
    if served.seen.total() % 2:
        _name_rows(case, served.rows)
    answer = served.ask(case)
    case.validate_response(answer, checks=CHECKS)


def _offer(code: str) -> Draft:
    return Draft(code=code, title_en="Tea", title_zh="茶", text_en="Tea!", text_zh="茶！")


def _name_rows(case: schemathesis.Case, rows: dict[str, list[Any]]) -> None:
    """Let a well-formed request be about something that is there."""
    kind, step = case.path.split("/")[1], case.path.rpartition("/")[2]
    kind = f"{kind} {step}" if f"{kind} {step}" in rows else kind
    places = [
        (case.path_parameters, "id", kind),
        (case.path_parameters, "number", kind),
        (case.query, "contact_id", "contacts"),
        (case.query, "conversation_id", "conversations"),
        (case.body, "conversation_id", "conversations"),
        (case.body, "into", "targets"),
        (case.body, "email", "emails"),
        (case.body, "agent", "names"),
        (case.body, "plan", "plans"),
        (case.body, "edition", "editions"),
        (case.body, "code", "codes"),
    ]
    if kind == "campaigns":
        places.append((case.body, "name", "titles"))
    always: tuple[str, ...] = (
        "emails",
        "names",
        "files",
        "plans",
        "editions",
        "titles",
        "codes",
        "offers",
    )
    # Nothing in the form of a number says that it is one of a campaign or an offer.
    always += tuple(name for name in rows if name.startswith("campaigns"))
    for where, name, what in places:
        with suppress(TypeError, KeyError):
            found = where[name]  # type: ignore[index]
            if what in always or re.fullmatch(_ID, str(found)):
                where[name] = rows[what][len(str(case.body)) % len(rows[what])]  # type: ignore[index]


def _ok(found: Any) -> schemathesis.schemas.APIOperation:
    operation: schemathesis.schemas.APIOperation = found.ok()
    return operation


def test_what_was_asked_was_worth_asking(served: Served) -> None:
    """A run that met nothing but refusals would have shown nothing."""
    assert served.seen[200] + served.seen[201] > 100, served.seen
    done = {label.rpartition(" ")[0] for label in served.asked if label[-3:] in ("200", "201")}
    missing = {one.label for one in map(_ok, api.get_all_operations())} - done
    assert len(missing) <= 2, missing
    assert {400, 404, 409, 422} <= served.seen.keys()
    assert not [status for status in served.seen if status in (401, 403) or status >= 500]
