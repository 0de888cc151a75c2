"""``frontdesk nlu benchmark``, with a twin of Rasa's side and once with the real one."""

import json
import sys
from pathlib import Path

import pytest

from app import rasa
from tests.commands.conftest import Frontdesk, failure

FIGURES = {
    "accuracy": 0.91234567,
    "macro_f1": 0.9,
    "train_seconds": 1.5,
    "p50_ms": 0.5,
    "p95_ms": 1.0,
    "rss_mb": 200.0,
    "oos_auroc": None,
    "oos_recall_at_95": None,
    "ece": 0.02,
    "extra": 7,
}
TWIN = """#!{python}
import csv, json, sys
assert sys.argv[1:3] == ["-m", "bot.benchmark"], sys.argv
print("training 1 of 1", file=sys.stderr)
if "hub:gone" in sys.argv:
    sys.exit(f"{{sys.argv[4]}}:2: there is no model gone")
print(f"the same text under two intents: {{sys.argv[4]}}:3", file=sys.stderr)
rows = {{
    part: list(csv.reader(open(sys.argv[sys.argv.index(f"--{{part}}") + 1], encoding="utf-8")))
    for part in ("train", "test")
}}
print(json.dumps({{**{figures}, "rows": rows, "arguments": sys.argv[3:]}}))
"""


@pytest.fixture
def twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand a twin in for Rasa's Python."""
    python = tmp_path / "python"
    python.write_text(TWIN.format(python=sys.executable, figures=FIGURES))
    python.chmod(0o755)
    monkeypatch.setattr(rasa, "PYTHON", python)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return the options that name two small files."""
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    rows = ["text,intent"]
    rows += [f"where is my parcel {word},track" for word in ("now", "today", "please", "huh")]
    rows += [f"i want a refund {word},refund" for word in ("now", "today", "please", "huh")]
    train.write_text("\n".join(rows) + "\n")
    test.write_text("text,intent\nmy parcel please,track\na refund,refund\nsing a song,oos\n")
    return ["--train", str(train), "--test", str(test)]


@pytest.mark.usefixtures("twin")
async def test_the_options_reach_rasas_side(invoke: Frontdesk, tmp_path: Path) -> None:
    train, test = tmp_path / "a.csv", tmp_path / "b.csv"
    train.write_bytes(
        "\ufeffUtterance;标签\r\n钱；退,退款\r\n".replace(",", ";").encode() + b"x;y\r\n;y\r\n"
    )
    test.write_bytes('标签;utterance\n退款;"a\nb"\n'.encode())
    words = ["--text", "utterance", "--intent", "标签", "--oos-label", "无", "--shots", "3"]
    words += ["--seeds", "2", "--encoder", "none", "--json"]
    result = await invoke("nlu", "benchmark", "--train", str(train), "--test", str(test), *words)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["accuracy"] == 0.9123
    assert found["oos_auroc"] is None
    assert found["rows"] == {
        "train": [["text", "intent"], ["钱；退", "退款"], ["x", "y"]],
        "test": [["text", "intent"], ["a b", "退款"]],
    }
    assert found["arguments"][4:] == [
        *("--text", "text", "--intent", "intent", "--oos-label", "无"),
        *("--shots", "3", "--seeds", "2", "--encoder", "none"),
    ]
    assert result.stderr.splitlines() == [
        "a.csv: left out without a text or an intent: 1 (line 4)",
        "the same text under two intents: a.csv:3",
    ]


@pytest.mark.usefixtures("twin")
async def test_the_report_for_people(invoke: Frontdesk, files: list[str]) -> None:
    result = await invoke("nlu", "benchmark", *files)
    assert "use on test.csv" in result.stdout
    assert "91.2%" in result.stdout
    assert "expected calibration error" in result.stdout
    assert "extra" in result.stdout


@pytest.mark.usefixtures("twin")
async def test_bad_input_is_one_line(invoke: Frontdesk, files: list[str], tmp_path: Path) -> None:
    async def line(*words: str) -> str:
        return failure(await invoke("nlu", "benchmark", *words))

    assert await line(*files, "--encoder", "hub:gone") == "train.csv:2: there is no model gone"
    assert "choose use, minilm, none or hub:NAME" in await line(*files, "--encoder", "gpt")
    assert "has no column utterance" in await line(*files, "--text", "utterance")
    assert "none.csv cannot be read" in await line("--train", "none.csv", "--test", files[3])
    other = tmp_path / "other.csv"
    other.write_text("text,intent\nx,a\n")
    assert "one intent only" in await line("--train", str(other), "--test", files[3])
    assert "no intent in common" in await line(*files[:2], "--test", str(other))


async def test_the_real_one_without_an_encoder(
    invoke: Frontdesk, files: list[str], tmp_path: Path
) -> None:
    rasa.sync(tmp_path / "sync.log", lambda _: None)
    result = await invoke("nlu", "benchmark", *files, "--encoder", "none", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(FIGURES) - {"extra"} <= set(found)
    assert found["accuracy"] == 1
    assert found["train_seconds"] > 0
    assert found["rss_mb"] > 10
