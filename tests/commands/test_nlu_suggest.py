"""``frontdesk nlu suggest``, with a twin of Rasa's side; the real one is tested in ``tests/bot/test_suggest.py``."""

import json
import sys
from pathlib import Path

import pytest

from app import rasa
from tests.commands.conftest import Frontdesk, failure

TWIN = """#!{python}
import json, os, sys
assert sys.argv[1:3] == ["-m", "bot.suggest"], sys.argv
print("reading", file=sys.stderr)
url = os.environ["FRONTDESK_TRACKER_URL"]
if "broken" in url:
    sys.exit("the tracker database cannot be read: it is broken")
if "killed" in url:
    os.kill(os.getpid(), 9)
taught = [json.loads(line) for line in sys.stdin]
assert {{"text": "where is order 10023", "intent": "track_order"}} in taught, taught
one = {{"is_clear": True, "also": ["greet"], "messages": 4, "conversations": 3}}
one["reasons"] = {{"not_understood": 2, "unsure": 1}}
texts = ["ship 98765 yet?", "ship 98766 yet?", "ask ana@example.org", "where is order 55555"]
print(json.dumps({{
    "compared_by": "ngrams", "conversations": 9, "messages": 20, "unclear": 5, "left_out": 0,
    "suggestions": [
        {{**one, "intent": "track_order", "examples": texts}},
        {{**one, "intent": "greet", "examples": texts[3:]}},
        {{**one, "intent": None, "examples": ["[red]什么"]}},
        {{**one, "intent": "greet", "is_clear": False, "examples": ["yo"]}},
    ],
}}))
print(sys.argv[3:], file=open("arguments", "w"))
"""


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand a twin in for Rasa's Python, in a project with one training example."""
    python = tmp_path / "python"
    python.write_text(TWIN.format(python=sys.executable))
    python.chmod(0o755)
    folder = tmp_path / "project"
    (folder / "data" / "nlu").mkdir(parents=True)
    (folder / "domain.yml").write_text("intents: [greet, track_order]")
    (folder / "data" / "nlu" / "a.yml").write_text(
        "nlu:\n- intent: track_order\n  examples: |\n    - where is order [10023](order_number)\n"
    )
    monkeypatch.setattr(rasa, "PYTHON", python)
    monkeypatch.setattr(rasa, "ROOT", folder)
    return folder


async def test_the_document_for_programs(invoke: Frontdesk, root: Path) -> None:
    result = await invoke("nlu", "suggest", "--since", "7", "--below", "0.4", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    counts = ("conversations", "messages", "unclear", "left_out", "compared_by")
    assert [found[name] for name in counts] == [9, 20, 5, 0, "ngrams"]
    # Numbers are taken out, so two texts are one; what is taught already is no suggestion.
    assert [one["examples"] for one in found["suggestions"]] == [
        ["ship 12345 yet?", "ask customer@example.com"],
        ["[red]什么".replace("[", "(").replace("]", ")")],
        ["yo"],
    ]
    assert [one["decision"] for one in found["suggestions"]] == ["keep", "decide", "decide"]
    assert (root / "arguments").read_text().strip() == str(["--since-days", "7", "--below", "0.4"])


async def test_from_suggestion_to_training_data(
    invoke: Frontdesk, root: Path, tmp_path: Path
) -> None:
    review = tmp_path / "review.yml"
    out = str(review)
    result = await invoke("nlu", "suggest", "--out", out)
    assert result.exit_code == 0, result.output
    assert "20 messages in 9 conversations; 5 were not understood well" in result.stdout
    assert f"frontdesk nlu approve {out}" in result.stdout
    text = review.read_text(encoding="utf-8")
    assert "# Intents: greet, track_order" in text
    assert "example.org" not in text
    # Nothing is learnt by looking.
    assert [file.name for file in (root / "data" / "nlu").iterdir()] == ["a.yml"]
    line = failure(await invoke("nlu", "suggest", "--out", out))
    assert "is there already" in line
    result = await invoke("nlu", "approve", out, "--json")
    found = json.loads(result.stdout)
    assert [one["text"] for one in found["added"]] == [
        "ship 12345 yet?",
        "ask customer@example.com",
    ]
    assert found["undecided"] == 2


async def test_the_limit_is_kept(invoke: Frontdesk) -> None:
    found = json.loads((await invoke("nlu", "suggest", "--limit", "1", "--json")).stdout)
    assert len(found["suggestions"]) == 1


async def test_bad_input_is_one_line(
    invoke: Frontdesk, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    line = failure(await invoke("nlu", "suggest", "--out", "nowhere/review.yml"))
    assert line == "there is no folder nowhere"
    monkeypatch.setenv("FRONTDESK_TRACKER_URL", "sqlite:///broken")
    line = failure(await invoke("nlu", "suggest"))
    assert line == "the tracker database cannot be read: it is broken"
    monkeypatch.setenv("FRONTDESK_TRACKER_URL", "sqlite:///killed")
    assert "ended by signal 9" in failure(await invoke("nlu", "suggest"))
    monkeypatch.setattr(rasa, "PYTHON", root / "nothing")
    assert "not installed; run: frontdesk train" in failure(await invoke("nlu", "suggest"))
    (root / "domain.yml").write_text("intents: [")
    assert "is no YAML" in failure(await invoke("nlu", "suggest"))
