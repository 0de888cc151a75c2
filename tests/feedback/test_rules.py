"""The section of the rules file: what it may say, and what it refuses."""

import json
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk.agentdesk.rules import load
from desk.errors import SettingsError
from desk.feedback.rules import FeedbackRules
from desk.tables.feedback import FeedbackKind


def _load(tmp_path: Path, text: str) -> FeedbackRules:
    path = tmp_path / "desk.yml"
    path.write_text(text, encoding="utf-8")
    return load(path).feedback


def test_without_a_section_only_satisfaction_is_asked_about(tmp_path: Path) -> None:
    rules = _load(tmp_path, "channel: C1")
    assert rules == FeedbackRules()
    assert (rules.after_resolution.enabled, rules.nps.enabled) == (True, False)
    assert rules.after_resolution.effort_share == 0


def test_a_whole_section(tmp_path: Path) -> None:
    rules = _load(
        tmp_path,
        """
feedback:
  cool_down: 3d
  silent: [x]
  after_resolution: { delay: 10m, effort_share: 0.25 }
  nps: { enabled: true, every: 30d, share: 0.5, opens: 9:30, closes: "18:00", zones: { zh: Asia/Shanghai } }
  low: { nps: 4 }
  follow_up: [csat]
""",
    )
    assert rules.cool_down == timedelta(days=3)
    assert (rules.nps.opens, rules.nps.closes) == (time(9, 30), time(18))
    assert rules.is_low(FeedbackKind.NPS, 4)
    assert not rules.is_low(FeedbackKind.NPS, 5)
    assert rules.is_low(FeedbackKind.CSAT, 2), "what is not named stays as it is"


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ({"cooldown": "1d"}, "feedback.cooldown"),
        ({"nps": {"every": "2h"}}, "feedback.nps.every"),
        ({"nps": {"share": 1.5}}, "feedback.nps.share"),
        ({"nps": {"opens": "20:00", "closes": "9:00"}}, "opens must be before closes"),
        ({"nps": {"opens": "25:00"}}, "not a time of day"),
        ({"nps": {"zones": {"zh": "Mars/Base"}}}, "no time zone"),
        ({"low": {"csat": 6}}, "not on the scale"),
        ({"low": {"joy": 1}}, "feedback.low.joy"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, section: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        _load(tmp_path, json.dumps({"feedback": section}))
