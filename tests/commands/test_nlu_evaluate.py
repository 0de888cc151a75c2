"""``frontdesk nlu evaluate``, with a twin of Rasa's side and once with the real one."""

import json
import sys
from pathlib import Path

import pytest

from app import rasa
from tests.commands.conftest import ROOT, Frontdesk, failure

TWIN = """#!{python}
import json, sys
assert sys.argv[1:3] == ["-m", "bot.evaluate"], sys.argv
print("a library says hello", file=sys.stderr)
print(json.dumps({{"intents": ["greet", "order", "退货"]}}), flush=True)
for line in sys.stdin:
    text = json.loads(line)["text"]
    if text == "die":
        sys.exit("it died")
    if text == "end":
        break
    intent = "greet" if "hello" in text or text.startswith("intent") else "order"
    intent = "退货" if text.endswith("退货吗") else intent
    print(json.dumps({{"intent": intent, "confidence": 0.9, "ms": 2.0}}), flush=True)
"""
HEADER = "text,intent\n"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Stand a twin in for Rasa's Python and return a model for it."""
    python = tmp_path / "python"
    python.write_text(TWIN.format(python=sys.executable))
    python.chmod(0o755)
    monkeypatch.setattr(rasa, "PYTHON", python)
    path = tmp_path / "model.tar.gz"
    path.touch()
    return str(path)


def examples(folder: Path, text: str) -> str:
    path = folder / "e.csv"
    path.write_bytes(text.encode())
    return str(path)


async def test_the_report_for_programs(invoke: Frontdesk, model: str, tmp_path: Path) -> None:
    path = examples(
        tmp_path, f"\ufeff{HEADER}hello,greet\r\nwhere is it,order\r\nhello 你好,order\r\n"
    )
    result = await invoke("nlu", "evaluate", path, "--model", model, "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert set(data) == {
        "n",
        "accuracy",
        "macro_f1",
        "fallback_rate",
        "p50_ms",
        "per_intent",
        "confusions",
    }
    assert (data["n"], data["accuracy"], data["p50_ms"]) == (3, 0.6667, 2.0)
    assert data["confusions"] == [
        {"intent": "order", "predicted": "greet", "n": 1, "examples": ["hello 你好"]}
    ]


async def test_the_report_for_people(invoke: Frontdesk, model: str, tmp_path: Path) -> None:
    path = examples(tmp_path, f"{HEADER}hello,greet\nhello again,order\nbye,farewell\n")
    result = await invoke("nlu", "evaluate", path, "--model", model)
    assert "3 texts: accuracy 33.3%" in result.stdout
    assert "hello again" in result.stdout
    assert (
        "The model does not know 1 of the 3 intents (1 of 3 texts, counted as wrong): farewell"
        in result.stderr
    )


async def test_intents_named_in_chinese(invoke: Frontdesk, model: str, tmp_path: Path) -> None:
    path = examples(tmp_path, "文本,意图\n你要退货吗,退货\nhello 退货,退货\n")
    words = ["--text", "文本", "--intent", "意图", "--model", model, "--json"]
    result = await invoke("nlu", "evaluate", path, *words)
    data = json.loads(result.stdout)
    assert data["per_intent"]["退货"]["n"] == 2
    assert data["confusions"] == [
        {"intent": "退货", "predicted": "greet", "n": 1, "examples": ["hello 退货"]}
    ]


async def test_rows_without_a_text_or_an_intent_are_counted_out(
    invoke: Frontdesk, model: str, tmp_path: Path
) -> None:
    rows = "hello,greet\r\n,greet\r\n\r\nhello,\r\n\u200b,greet\r\n,\r\nbye,order\r\n"
    path = examples(tmp_path, f"\ufefftext,intent\r\n{rows}")
    result = await invoke("nlu", "evaluate", path, "--model", model, "--json")
    data = json.loads(result.stdout)
    assert (data["n"], data["accuracy"]) == (2, 1)
    assert result.stderr.splitlines() == [
        "e.csv: left out without a text or an intent: 3 (line 3, 5, 6)"
    ]


async def test_other_columns(invoke: Frontdesk, model: str, tmp_path: Path) -> None:
    path = examples(tmp_path, "Label;Utterance\ngreet;hello\n")
    words = ["--text", "utterance", "--intent", "LABEL", "--model", model, "--json"]
    assert json.loads((await invoke("nlu", "evaluate", path, *words)).stdout)["accuracy"] == 1
    line = failure(await invoke("nlu", "evaluate", path, "--model", model))
    assert line.startswith("e.csv has no column text or intent; it has: label, utterance; wanted:")


async def test_the_model_reads_what_it_would_read_of_a_customer(
    invoke: Frontdesk, model: str, tmp_path: Path
) -> None:
    # A slash in front never reaches Rasa; the twin knows "intent", not "/intent".
    path = examples(tmp_path, f"{HEADER}/intent x,greet\n")
    words = ["--model", model, "--json"]
    assert json.loads((await invoke("nlu", "evaluate", path, *words)).stdout)["accuracy"] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"{HEADER}hello,greet\ndie,greet\n", "the model could not be asked: it died"),
        (f"{HEADER}end,greet\n", "the model could not be asked: a library says hello"),
        (f"{HEADER}hello,a\nhello,b\n", "the model knows none of the intents in the file"),
        (f"{HEADER}hello,\n", "e.csv has no row with both text and intent"),
        (f"{HEADER}hello, you,greet\n", "e.csv line 2: 3 cells in 2 columns; is a text with a"),
        (
            f'{HEADER}hello,greet\n"no end,greet\n' + "x,y\n" * 60,
            "e.csv line 3: a quote is opened",
        ),
        (f"{HEADER}hello,greet\n{'x' * 200_000},greet\n", "field larger than field limit"),
        ("text,intent,text\nhello,greet,hi\n", "e.csv has the column text more than once"),
        (HEADER, "e.csv has no row with both text and intent"),
        ("", "e.csv has no header"),
    ],
)
async def test_bad_input_is_one_line(
    invoke: Frontdesk, model: str, tmp_path: Path, content: str, reason: str
) -> None:
    path = examples(tmp_path, content)
    assert reason in failure(await invoke("nlu", "evaluate", path, "--model", model))


async def test_another_encoding_is_named(invoke: Frontdesk, model: str, tmp_path: Path) -> None:
    path = tmp_path / "e.csv"
    path.write_bytes(f"{HEADER}hello 你好,greet\n".encode("gb18030"))
    line = failure(await invoke("nlu", "evaluate", str(path), "--model", model))
    assert "e.csv is not utf-8-sig" in line
    words = ["--model", model, "--json", "--encoding", "gb18030"]
    assert json.loads((await invoke("nlu", "evaluate", str(path), *words)).stdout)["n"] == 1


async def test_what_is_missing_is_one_line(
    invoke: Frontdesk, model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = examples(tmp_path, f"{HEADER}hello,greet\n")
    line = failure(await invoke("nlu", "evaluate", path, "--model", "none.tar.gz"))
    assert line == "there is no model none.tar.gz; run: frontdesk train"
    line = failure(await invoke("nlu", "evaluate", "none.csv", "--model", model))
    assert "none.csv cannot be read" in line
    monkeypatch.setattr(rasa, "PYTHON", tmp_path / "nothing")
    line = failure(await invoke("nlu", "evaluate", path, "--model", model))
    assert line == "Rasa's environment is not installed; run: frontdesk train"


@pytest.mark.rasa
@pytest.mark.timeout(600)
async def test_the_real_model(invoke: Frontdesk, tmp_path: Path) -> None:
    rasa.sync(tmp_path / "sync.log", lambda _: None)
    tiny = ROOT / "tests" / "bot" / "tiny"
    command = [
        *(str(rasa.PYTHON), "-m", "bot", "train", "--domain", str(tiny / "domain.yml")),
        *("--config", str(tiny / "config.yml"), "--data", str(tiny / "data.yml")),
        *("--out", str(tmp_path), "--fixed-model-name", "tiny"),
    ]
    rasa._run(command, tmp_path / "train.log", lambda _: None, "no training")
    path = examples(tmp_path, f"{HEADER}hello there,greet\n数一下,count\nshow menu,count\n")
    result = await invoke(
        "nlu", "evaluate", path, "--model", str(tmp_path / "tiny.tar.gz"), "--json"
    )
    assert result.exit_code == 0, result.stderr
    data = json.loads(result.stdout)
    assert data["accuracy"] == 0.6667
    assert data["confusions"] == [
        {"intent": "count", "predicted": "menu", "n": 1, "examples": ["show menu"]}
    ]
    assert 0 < data["p50_ms"] < 1000
