"""The intent classifier as a component of Rasa's graph."""

import asyncio
import logging
import tarfile
from pathlib import Path

import pytest
from rasa.core.agent import Agent
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.model_training import train_nlu
from rasa.nlu.classifiers.fallback_classifier import FallbackClassifier
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

import bot.nlu
from bot.nlu import IntentClassifier
from bot.nlu.intent_classifier import EVIDENCE, OUT_OF_SCOPE, IntentClassifierError

PHRASES = {
    "track": ["where is {}", "track {} please", "has {} left", "{} 到哪了"],
    "cancel": ["cancel {}", "call off {}", "i do not want {}", "取消 {}"],
    "greet": ["hello {}", "good morning {}", "hi {}", "你好 {}"],
}
THINGS = ["my order", "the parcel", "you there", "10023", "鞋子"]
EXAMPLES = [
    (phrase.format(thing), label)
    for label, phrases in PHRASES.items()
    for phrase in phrases
    for thing in THINGS
]


def _parts(
    folder: Path, **config: object
) -> tuple[dict, LocalModelStorage, Resource, ExecutionContext]:
    folder.mkdir(exist_ok=True)
    whole = {**IntentClassifier.get_default_config(), "encoder": "none", "data": "", **config}
    storage = LocalModelStorage.create(folder)
    return whole, storage, Resource("intents"), ExecutionContext(GraphSchema({}), "test")


def _data(examples: list[tuple[str, str]] = EXAMPLES) -> TrainingData:
    return TrainingData(
        [Message(data={"text": text, "intent": label}) for text, label in examples]
    )


def _read(component: IntentClassifier, text: str | None) -> Message:
    return component.process([Message(data={"text": text} if text is not None else {})])[0]


def test_config_names_it_by_the_package() -> None:
    assert bot.nlu.IntentClassifier is IntentClassifier
    with pytest.raises(AttributeError, match="no component 'Oracle'"):
        bot.nlu.Oracle  # noqa: B018


def test_it_learns_and_is_loaded_as_it_was(tmp_path: Path) -> None:
    parts = _parts(tmp_path, ranking_length=2)
    component = IntentClassifier.create(*parts)
    assert component.train(_data()) == parts[2]
    loaded = IntentClassifier.load(*parts)
    for one in (component, loaded):
        for text, label in (
            ("where is my parcel", "track"),
            ("鞋子取消", "cancel"),
            ("hello", "greet"),
        ):
            assert _read(one, text).get("intent")["name"] == label
    message = _read(loaded, "hello")
    ranking = message.get("intent_ranking")
    assert len(ranking) == 2
    assert message.get("intent") == ranking[0]
    assert ranking[0]["confidence"] > ranking[1]["confidence"] > 0
    assert 0 <= message.get(OUT_OF_SCOPE) <= 0.5
    assert EVIDENCE not in message.data
    assert {"intent", "intent_ranking", OUT_OF_SCOPE} <= set(
        message.as_dict(only_output_properties=True)
    )


def test_what_is_out_of_scope_falls_back(tmp_path: Path) -> None:
    component = IntentClassifier.create(*_parts(tmp_path))
    component.train(_data())
    fallback = FallbackClassifier({**FallbackClassifier.get_default_config(), "threshold": 0.4})
    for text, falls in (("😀", True), ("", True), ("qwxz", True), ("where is my order", False)):
        message = _read(component, text)
        assert (message.get(OUT_OF_SCOPE) > 0.5) == falls, text
        found = fallback.process([message])[0].get("intent")["name"]
        assert (found == "nlu_fallback") == falls, text


def test_it_tells_why_if_asked(tmp_path: Path) -> None:
    component = IntentClassifier.create(*_parts(tmp_path, explain=True))
    component.train(_data())
    evidence = _read(component, "cancel my order").get(EVIDENCE)
    assert evidence[0]["name"] == "cancel"
    assert evidence[0]["nearest"][0][0] == "cancel my order"


def test_messages_without_text_are_left_alone(tmp_path: Path) -> None:
    component = IntentClassifier.create(*_parts(tmp_path))
    component.train(_data())
    assert _read(component, None).get("intent") is None


def test_no_examples_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    parts = _parts(tmp_path)
    component = IntentClassifier.create(*parts)
    with caplog.at_level(logging.WARNING):
        component.train(TrainingData([]))
        loaded = IntentClassifier.load(*parts)
    assert "no examples of any intent" in caplog.text
    assert _read(loaded, "hello").get("intent") is None


def test_findings_are_warnings_with_file_and_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = tmp_path / "nlu.yml"
    data.write_text(
        "nlu:\n- intent: track\n  examples: |\n    - where is my order\n    - stop it\n    - stop it\n"
        "- intent: cancel\n  examples: |\n    - Stop it\n    - cancel it\n"
        "- intent: greet\n  examples: |\n    - hello\n"
    )
    examples = [("where is my order", "track"), ("stop it", "track"), ("Stop it", "cancel")]
    component = IntentClassifier.create(*_parts(tmp_path / "m", data=str(data)))
    with caplog.at_level(logging.WARNING):
        component.train(_data([*examples, ("cancel it", "cancel"), ("hello", "greet")]))
    assert f"twice: 'stop it' (track, {data}:5) and 'stop it' (track, {data}:6)" in caplog.text
    assert (
        f"two intents: 'stop it' (track, {data}:5) and 'Stop it' (cancel, {data}:9)" in caplog.text
    )
    assert "intent greet has one example only" in caplog.text


def test_a_broken_model_is_one_line(tmp_path: Path) -> None:
    parts = _parts(tmp_path)
    IntentClassifier.create(*parts).train(_data())
    (tmp_path / "intents" / "intents.npz").write_bytes(b"half")
    with pytest.raises(
        IntentClassifierError, match=r"intents\.npz is missing or damaged: train again$"
    ):
        IntentClassifier.load(*parts)


def test_an_encoder_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(IntentClassifierError, match="no encoder 'gpt'"):
        IntentClassifier.create(*_parts(tmp_path, encoder="gpt")).train(_data())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that Rasa itself trained."""
    folder = tmp_path_factory.mktemp("rasa")
    (folder / "config.yml").write_text(
        "recipe: default.v1\nlanguage: en\nassistant_id: tiny\npipeline:\n"
        "- name: bot.nlu.IntentClassifier\n  encoder: none\n"
        "- name: FallbackClassifier\n  threshold: 0.4\n"
    )
    blocks = ["nlu:"]
    for label, phrases in PHRASES.items():
        blocks += [f"- intent: {label}", "  examples: |"]
        blocks += [f"    - {phrase.format(thing)}" for phrase in phrases for thing in THINGS]
    (folder / "nlu.yml").write_text("\n".join(blocks), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return Path(train_nlu("config.yml", "nlu.yml", str(folder / "models")))


def test_rasa_trains_and_loads_it(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained.parent.parent)
    agent = Agent.load(str(trained))
    parsed = asyncio.run(agent.parse_message("pls cancel my parcel"))
    assert parsed["intent"]["name"] == "cancel"
    assert parsed[OUT_OF_SCOPE] <= 0.5
    assert asyncio.run(agent.parse_message("😀"))["intent"]["name"] == "nlu_fallback"
    again = Path(train_nlu("config.yml", "nlu.yml", "again"))
    with tarfile.open(trained) as one, tarfile.open(again) as two:
        # Restored from Rasa's cache, so equal to the byte.
        facts = [
            tar.extractfile(next(m for m in tar if m.name.endswith("intents.json")))
            for tar in (one, two)
        ]
        assert facts[0].read() == facts[1].read()
