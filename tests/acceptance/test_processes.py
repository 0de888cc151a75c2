"""The same code as many processes on PostgreSQL: two webs, two workers, a clock, actions and Rasa."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.conftest import ROOT, SECRET, TOKEN
from tests.databases import fresh_postgres
from tests.running import clean_environment, free_port

pytestmark = [pytest.mark.rasa, pytest.mark.postgres]


@pytest.fixture
def empty_database(postgres: str) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database."""
    with fresh_postgres(postgres, template="template1") as url:
        yield url


@pytest.fixture
def webs(empty_database: str, tmp_path: Path) -> Iterator[list[str]]:
    """Start every process by itself and return the addresses of two web processes."""
    ports = [free_port(), free_port()]
    rasa_port, actions_port = free_port(), free_port()
    environment = clean_environment(
        FRONTDESK_DATABASE_URL=empty_database,
        FRONTDESK_DATA_DIR=str(tmp_path / "var"),
        FRONTDESK_SECRET_KEY=SECRET,
        FRONTDESK_RASA_TOKEN=TOKEN,
        FRONTDESK_RASA_URL=f"http://127.0.0.1:{rasa_port}",
        FRONTDESK_ACTIONS_PORT=str(actions_port),
    )
    commands = [
        *(["web", "--port", str(port)] for port in ports),
        *(["worker"], ["worker"], ["clock"], ["actions"]),
        ["rasa", "--port", str(rasa_port)],
    ]
    subprocess.run(
        [sys.executable, "-m", "app", "migrate"],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=120,
    )
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path / "log").open("wb"))
        children = []
        for command in commands:
            child = subprocess.Popen(
                [sys.executable, "-m", "app", *command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            stack.callback(child.wait, 30)
            stack.callback(child.terminate)
            children.append(child)
        bases = [f"http://127.0.0.1:{port}" for port in ports]
        deadline = time.monotonic() + 900
        while not all(_ready(base) for base in bases):
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()[-2000:]
            assert all(child.poll() is None for child in children), (tmp_path / "log").read_text()
            time.sleep(0.3)
        yield bases


def _ready(base: str) -> bool:
    try:
        return httpx.get(f"{base}/health/ready", trust_env=False, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_a_customer_writes_to_one_web_process_and_reads_at_the_other(webs: list[str]) -> None:
    one, two = webs
    token = httpx.post(f"{one}/chat/v1/visitors", json={}, trust_env=False).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    for base in (one, two):
        body = {"id": str(uuid4()), "text": "when are you open?"}
        answer = httpx.post(
            f"{base}/chat/v1/messages", headers=headers, json=body, trust_env=False
        )
        assert answer.status_code == 200
    authors: list[str] = []
    with httpx.stream(
        "GET", f"{two}/chat/v1/events", headers=headers, trust_env=False, timeout=60
    ) as events:
        for line in events.iter_lines():
            if line.startswith("data: ") and '"author"' in line:
                authors.append("bot" if '"author": "bot"' in line else "contact")
            if len(authors) == 4:
                break
    assert sorted(authors) == ["bot", "bot", "contact", "contact"]
    assert authors[0] == "contact"
