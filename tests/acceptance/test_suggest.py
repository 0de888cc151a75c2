"""What a customer said and the assistant did not understand comes back as a suggestion."""

import json
import subprocess
import sys

import pytest

from tests.customer import Customer
from tests.running import ROOT, RunningDesk, clean_environment

pytestmark = pytest.mark.rasa


async def test_what_was_not_understood_is_suggested(
    customer: Customer, running: RunningDesk
) -> None:
    await customer.says("frobnicate the gizmo zorp of 55501001234")
    await customer.says("let me talk to a human")
    done = subprocess.run(  # noqa: ASYNC221 - nobody else waits here
        [
            sys.executable,
            "-m",
            "app",
            "nlu",
            "suggest",
            "--below",
            "1",
            "--limit",
            "1000",
            "--json",
        ],
        cwd=ROOT,
        env=clean_environment(FRONTDESK_DATA_DIR=str(running.folder / "var")),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    wanted = "frobnicate the gizmo zorp of 12345678901"
    (one,) = [one for one in found["suggestions"] if wanted in one["examples"]]
    assert one["reasons"]["asked_for_human"] >= 1
    assert found["messages"] >= 2
