"""Rasa's own look at the test stories, and the unit tests of Rasa's side in Rasa's environment."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from app import rasa
from tests.acceptance.stories import FOLDER, load
from tests.bot.conftest import NEED_RASA
from tests.running import ROOT, RunningDesk

pytestmark = pytest.mark.rasa

_SURROUNDINGS = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "OMP_NUM_THREADS": "1",
}
_OUTSIDE = {"VIRTUAL_ENV", "PYTHONPATH"}


def in_rasas_environment(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a command from the root with everything it prints in a file; return code and output."""
    output = folder / "output.log"
    surroundings = {k: v for k, v in os.environ.items() if k not in _OUTSIDE} | _SURROUNDINGS
    with output.open("wb") as log:
        done = subprocess.run(
            command, cwd=ROOT, env=surroundings, stdout=log, stderr=log, timeout=800, check=False
        )
    return done.returncode, output.read_text(errors="replace")


@pytest.mark.timeout(900)
def test_the_model_predicts_every_test_story(running: RunningDesk, tmp_path: Path) -> None:
    assert running.pid  # it installed the environment and trained the model
    endpoints = tmp_path / "endpoints.yml"
    endpoints.write_text("")  # stories are predicted, no action is called
    code, output = in_rasas_environment(
        [
            *(str(rasa.PYTHON), "-m", "bot", "test", "core", "--stories", str(FOLDER)),
            *("--model", str(rasa.model_path()), "--endpoints", str(endpoints)),
            *("--out", str(tmp_path / "results"), "--no-plot", "--fail-on-prediction-errors"),
        ],
        tmp_path,
    )
    failed = tmp_path / "results" / "failed_test_stories.yml"
    assert code == 0, failed.read_text() if failed.exists() else output[-5000:]
    report = json.loads((tmp_path / "results" / "story_report.json").read_text())
    stories = load()
    assert report["conversation_accuracy"]["total"] == len(stories) >= 60
    assert report["conversation_accuracy"]["correct"] == len(stories)
    assert sum(story.is_chinese for story in stories) >= 30


@pytest.mark.timeout(900)
def test_the_unit_tests_of_rasas_side(running: RunningDesk, tmp_path: Path) -> None:
    assert running.pid
    rasa.sync(tmp_path / "sync.log", print, group="dev")
    tests = [f"tests/bot/{name}" for name in NEED_RASA]
    code, output = in_rasas_environment(
        [
            *(str(rasa.PYTHON), "-m"),
            *("pytest", "-c", "bot/pyproject.toml", "-q", "-p", "no:cacheprovider", *tests),
        ],
        tmp_path,
    )
    assert code == 0, output[-5000:]
    passed = re.search(r"(\d+) passed", output)
    assert passed is not None
    assert int(passed[1]) > 0
    assert "skipped" not in output
