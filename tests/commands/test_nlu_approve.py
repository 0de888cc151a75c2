"""``frontdesk nlu approve``: from a review file into the training data."""

import json
from pathlib import Path

import pytest
import yaml

from app import rasa
from app.nlu import approval, review, training_data
from app.nlu.review import Decision, Suggestion
from app.nlu.training_data import Example
from tests.commands.conftest import Frontdesk, failure

DOMAIN = """
intents: [greet, {track_order: {use_entities: true}}, get_refund, nlu_fallback, 投诉]
"""
ORDERS = """version: "3.1"
nlu:
- intent: track_order
  examples: |
    - where is order [10023](order_number)
    - Track It
- intent: greet
  examples: |
    - hi
- lookup: product
  examples: |
    - mug
"""
REVIEW = """
suggestions:
- decision: keep
  intent: track_order
  why: not understood 3
  examples:
  - "where's my  stuff, order FD-98765?"
  - track it
  - no
- decision: keep
  intent: 投诉
  examples: [你们太差了, '写信给 ana@example.org', "[bad](service)"]
- decision: drop
  intent: nonsense
  examples: [x]
- decision: decide
  intent: get_refund
  examples: [y]
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a project with a little training data."""
    folder = tmp_path / "project"
    (folder / "data" / "nlu").mkdir(parents=True)
    (folder / "domain.yml").write_text(DOMAIN, encoding="utf-8")
    (folder / "data" / "nlu" / "orders.yml").write_text(ORDERS, encoding="utf-8")
    monkeypatch.setattr(rasa, "ROOT", folder)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the review stands."""
    (tmp_path / "review.yml").write_text(REVIEW, encoding="utf-8")
    return tmp_path / "review.yml"


def write(path: Path, content: str, encoding: str = "utf-8") -> None:
    path.write_text(content, encoding=encoding)


def data(root: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (root / "data" / "nlu").iterdir()}


def taught(root: Path, name: str) -> list[tuple[str, str]]:
    content = yaml.safe_load((root / "data" / "nlu" / name).read_text(encoding="utf-8"))
    return [
        (part["intent"], line.removeprefix("- "))
        for part in content["nlu"]
        for line in part["examples"].splitlines()
    ]


async def test_what_was_kept_is_added_once(invoke: Frontdesk, root: Path, path: Path) -> None:
    result = await invoke("nlu", "approve", str(path))
    assert result.exit_code == 0, result.output
    assert taught(root, "approved.en.yml") == [
        ("track_order", "where's my stuff, order FD-12345?"),
        ("track_order", "no"),
        ("投诉", "(bad)(service)"),
    ]
    assert taught(root, "approved.zh.yml") == [
        ("投诉", "你们太差了"),
        ("投诉", "写信给 customer@example.com"),
    ]
    assert "Added 5 examples; 1 were there already" in result.stdout
    assert "frontdesk train" in result.stdout
    before = data(root)
    again = json.loads((await invoke("nlu", "approve", str(path), "--json")).stdout)
    assert data(root) == before
    assert (again["added"], len(again["already_there"])) == ([], 6)
    assert (again["dropped"], again["undecided"]) == (1, 1)


async def test_more_is_appended_and_the_rest_stays(
    invoke: Frontdesk, root: Path, path: Path
) -> None:
    written = root / "data" / "nlu" / "approved.en.yml"
    written.write_text('version: "3.1"\n# mine\nnlu:\n- intent: greet\n  examples: |\n    - yo')
    before = written.read_text()
    await invoke("nlu", "approve", str(path))
    assert written.read_text().startswith(before + "\n- intent: track_order\n")
    assert taught(root, "approved.en.yml")[0] == ("greet", "yo")


async def test_a_dry_run_changes_nothing(invoke: Frontdesk, root: Path, path: Path) -> None:
    before = data(root)
    result = await invoke("nlu", "approve", str(path), "--dry-run", "--json")
    assert data(root) == before
    found = json.loads(result.stdout)
    assert found["dry_run"]
    assert found["added"][0] == {
        "text": "where's my stuff, order FD-12345?",
        "intent": "track_order",
        "file": "approved.en.yml",
    }


async def test_a_text_of_another_intent_is_left_out(
    invoke: Frontdesk, root: Path, path: Path
) -> None:
    write(
        path, "suggestions: [{decision: keep, intent: greet, examples: ['where is order 55555']}]"
    )
    result = await invoke("nlu", "approve", str(path))
    assert "Added 0 examples" in result.stdout
    assert "orders.yml has it under track_order" in result.stderr
    assert set(data(root)) == {"orders.yml"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            REVIEW.replace("投诉", "trak_order"),
            "there is no intent 'trak_order' (for '你们太差了')",
        ),
        (REVIEW.replace("投诉", "trak_order"), "did you mean track_order?"),
        (REVIEW.replace("投诉", "nlu_fallback"), "there is no intent 'nlu_fallback'"),
        (REVIEW.replace("投诉", ""), "an intent is missing (for '你们太差了')"),
        (
            REVIEW.replace("投诉", "greet").replace("你们太差了", "no"),
            "'no' is kept for two intents",
        ),
        (REVIEW.replace("drop", "maybe"), "review.yml suggestion 3: decision is 'maybe'; choose"),
        (REVIEW.replace("[x]", "x"), "review.yml suggestion 3: examples must be a list of texts"),
        ("suggestions: [a]", "review.yml suggestion 1: wanted decision, intent and examples"),
        ("hello", "review.yml is no review file"),
        ("suggestions:\n- [", "review.yml line 2 is no YAML"),
        ("\x00", "review.yml is no YAML"),
    ],
)
async def test_bad_input_is_one_line_and_changes_nothing(
    invoke: Frontdesk, root: Path, path: Path, content: str, reason: str
) -> None:
    write(path, content)
    before = data(root)
    assert reason in failure(await invoke("nlu", "approve", str(path)))
    assert data(root) == before


async def test_files_that_cannot_be_used_are_one_line(
    invoke: Frontdesk, root: Path, path: Path
) -> None:
    line = failure(await invoke("nlu", "approve", "none.yml"))
    assert line == "none.yml cannot be read: No such file or directory"
    approved = root / "data" / "nlu" / "approved.zh.yml"
    approved.write_text("nlu: []\nversion: '3.1'\n")
    before = data(root)
    line = failure(await invoke("nlu", "approve", str(path)))
    assert line.startswith("approved.zh.yml ")
    assert data(root) == before
    write(path, "suggestions: 你", "gb18030")
    assert failure(await invoke("nlu", "approve", str(path))) == "review.yml is not UTF-8"


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "123",
        "- a dash: and a colon # and a hash",
        "'quotes\" and\u2028lines\nand\ttabs",
        "emoji 👩\u200d💻 and 😀",
        "{a: b} *x &y !z %w @at `tick`",
        "half \ud83d",
        "control \x00\x1b[31m\x85",
        "/greet{}",
        "𠮷野家在哪",
    ],
)
def test_any_text_survives_review_and_training_data(tmp_path: Path, text: str) -> None:
    wanted = approval.plain(text)
    one = Suggestion(
        decision=Decision.KEEP,
        intent="greet",
        why="",
        also=(),
        messages=1,
        conversations=1,
        reasons={},
        examples=(wanted,),
    )
    path = tmp_path / "review.yml"
    path.write_text(review.written([one], ["greet"], "review.yml"), encoding="utf-8")
    found = approval.decide(review.reviewed(path), [], frozenset({"greet"}))
    assert [example.text for example in found.added] == [wanted]
    approval.write(found.added, tmp_path)
    written = training_data.examples(tmp_path)
    name = found.added[0].file
    assert list(written) == [Example(text=wanted, intent="greet", file=name)]
