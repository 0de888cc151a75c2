"""``frontdesk segments``."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from ibis.backends import BaseBackend

from app import insight_desk
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure, frontdesk, invoke, nowhere
from tests.segments.conftest import GERMANS
from tests.segments.oracle import who
from tests.segments.people import fill, world

__all__ = ["frontdesk", "invoke", "nowhere"]

GERMAN = who(GERMANS, world(1))


@pytest.fixture
def file(nowhere: Path) -> Path:
    """Return a file with a segment."""
    path = nowhere / "germans.json"
    path.write_text(json.dumps({"name": "Germans", "rule": GERMANS, "every": "1d"}))
    return path


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True)
def _world(engine: BaseBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(engine, world(1))
    monkeypatch.setattr(insight_desk, "reading", lambda _: lambda: nullcontext(engine))


async def test_from_a_file_to_members(frontdesk: Frontdesk, file: Path) -> None:
    preview = json.loads((await frontdesk("segments", "preview", str(file), "--json")).stdout)
    assert (preview["size"], preview["people"]) == (len(GERMAN), 40)
    assert "Country is DE" in (await frontdesk("segments", "create", str(file))).stdout
    assert "already" in failure(await frontdesk("segments", "create", str(file)))
    done = await frontdesk("segments", "refresh", "Germans")
    assert done.stdout == f"{len(GERMAN)} people; {len(GERMAN)} came and 0 went.\n"
    (one,) = json.loads((await frontdesk("segments", "list", "--json")).stdout)
    assert (one["name"], one["size"], one["every"]) == ("Germans", len(GERMAN), 86_400)
    seen: set[str] = set()
    after = ""
    while after is not None:
        page = await frontdesk(
            "segments", "members", "Germans", "--limit", "7", "--after", after, "--json"
        )
        found = json.loads(page.stdout)
        seen |= {row["person_id"] for row in found["members"]}
        after = found["after"]
    assert seen == GERMAN
    lines = (await frontdesk("segments", "export", "Germans")).stdout.splitlines()
    assert lines[0] == "person_id,contact_id,name,email,since"
    assert {line.partition(",")[0] for line in lines[1:]} == GERMAN
    assert "Germans: Country is DE." in (await frontdesk("segments", "show", "Germans")).stdout
    await frontdesk("segments", "delete", "Germans", "--yes")
    assert json.loads((await frontdesk("segments", "list", "--json")).stdout) == []


@SQLITE_ONLY
async def test_what_is_wrong_is_one_line(frontdesk: Frontdesk, file: Path) -> None:
    assert "no segments" in (await frontdesk("segments", "list")).stdout
    assert "no segment 'x'" in failure(await frontdesk("segments", "show", "x"))
    for text, why in (
        ("{", "no JSON"),
        ("[]", "write"),
        ('{"name": "x"}', "rule: Field required"),
        ('{"name": "x", "rule": {"where": {"all": []}}}', "where.all: a group"),
        ('{"name": "x", "rule": {"where": 1}, "every": "soon"}', "every: 'soon'"),
    ):
        _write(file, text)
        assert why in failure(await frontdesk("segments", "create", str(file)))
    _write(file, '{"where": {"kind": "moon"}}')
    assert "where.kind" in failure(await frontdesk("segments", "preview", str(file)))
