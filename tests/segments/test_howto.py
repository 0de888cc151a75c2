"""The page about segments: every rule in it can be read, and every question stands in it."""

import json
import re
from pathlib import Path

import pytest

from analytics.segments.leaves import FIELDS, KINDS, RANGES, SURVEYS, WORDS, Measure, Op
from analytics.segments.model import LONGEST, SHORTEST
from analytics.segments.rule import DEEPEST, MOST, read

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "segments.md").read_text(encoding="utf-8")
BLOCKS = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_rule_can_be_read(block: dict[str, object]) -> None:
    read(block.get("rule", {"where": block}))


def test_every_question_is_told() -> None:
    asked = {str(block["kind"]) for block in BLOCKS if "kind" in block}
    assert asked == set(KINDS)
    words = [*KINDS, *FIELDS, *RANGES, *WORDS, *SURVEYS, *Measure, *Op]
    words += [name for model in KINDS.values() for name in model.model_fields]
    assert [word for word in words if f"`{word}" not in PAGE and f" {word}" not in PAGE] == []


def test_its_numbers_are_those_of_the_program() -> None:
    assert f"at most {DEEPEST} deep and {MOST} conditions" in PAGE
    assert f"from `{SHORTEST.seconds // 60}m` to `{LONGEST.days}d`" in PAGE
