"""The components of the understanding pipeline."""

from collections import Counter
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import rasa
from rasa.core.actions.action import RemoteAction
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot import runtime
from bot.nlu.intents import LinearIntents
from bot.nlu.linear_model import LinearModel, train
from bot.nlu.metadata_entities import MetadataEntities, entities_of
from bot.nlu.ngrams import ngrams
from bot.nlu.tokenizer import MixedTokenizer, split

EXAMPLES = [
    ("track", "where is my order"),
    ("track", "track my parcel please"),
    ("track", "我的订单到哪了"),
    ("track", "查一下物流"),
    ("cancel", "cancel my order"),
    ("cancel", "call it off please"),
    ("cancel", "取消订单"),
    ("cancel", "我不要了 取消"),
    ("greet", "hello there"),
    ("greet", "hi there"),
    ("greet", "你好"),
    ("greet", "您好啊"),
]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("我的order到哪了？", ["我", "的", "order", "到", "哪", "了"]),
        ("Don't track FD-10023 pls!", ["Don't", "track", "FD-10023", "pls"]),
        ("繁體字ABC訂單10023", ["繁", "體", "字", "ABC", "訂", "單", "10023"]),
        ("ありがとう Käse", ["あ", "り", "が", "と", "う", "Käse"]),
        ("안녕하세요 주문", ["안녕하세요", "주문"]),
        ("👍", ["👍"]),
        ("ok👍好", ["ok", "👍", "好"]),
        ("???", ["???"]),
        ("\u2060/greet{}", ["greet"]),
        ("𠮷野家", ["𠮷", "野", "家"]),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert [token for token, _ in split(text)] == tokens


@pytest.mark.parametrize(
    "text", ["我的order到哪了？", "a  b\tc\n订单", "👍🏽 don’t -x- FD-1", "", "???"]
)
def test_offsets_point_into_the_text(text: str) -> None:
    tokenizer = MixedTokenizer(MixedTokenizer.get_default_config())
    message = Message(data={"text": text})
    tokenizer.process([message])
    for token in message.get("text_tokens"):
        assert text[token.start : token.end] == token.text


@pytest.mark.parametrize(
    ("metadata", "values"),
    [
        ({"language": "zh", "message_id": "m"}, ["zh"]),
        ({"language": ""}, []),
        ({"language": ["zh"]}, []),
        ({}, []),
        (None, []),
        ("zh", []),
    ],
)
def test_metadata_entities(metadata: object, values: list[str]) -> None:
    assert [entity["value"] for entity in entities_of(metadata, ["language"])] == values


def test_metadata_entities_join_those_found_before() -> None:
    before = {"entity": "order_number", "value": "10023", "start": 0, "end": 5}
    message = Message(data={"text": "10023", "metadata": {"language": "zh"}, "entities": [before]})
    MetadataEntities(MetadataEntities.get_default_config()).process([message])
    found = message.get("entities")
    assert found[0] == before
    assert found[1]["entity"] == "language"
    assert found[1]["value"] == "zh"
    assert found[1]["extractor"] == "MetadataEntities"


def test_ngrams_of_chinese_are_runs_of_characters() -> None:
    features = ngrams(["到", "哪", "了", "a"])
    assert features["w:到哪了"] == 0
    assert {"w:到", "w:到 哪", "w:到 哪 了", "w:哪 了", "w:a", "w:了 a"} < set(features)
    assert "w:哪 了 a" not in features
    assert "c: 到" not in features


def test_ngrams_see_through_case_width_and_digits() -> None:
    assert ngrams(["ＡＢ１２"]) == ngrams(["ab98"])
    assert ngrams(["Order", "10023"]) == ngrams(["order", "7"])


def test_ngrams_of_an_endless_word_are_few() -> None:
    assert len(ngrams(["ab" * 5000])) < 500


def _texts() -> tuple[list[Counter[str]], list[str]]:
    features = [ngrams(token for token, _ in split(text)) for _, text in EXAMPLES]
    return features, [label for label, _ in EXAMPLES]


def test_the_model_scores_as_scikit_learn_does() -> None:
    features, labels = _texts()
    model = train(features, labels, min_df=1, c=30.0, seed=1)
    vectorizer = TfidfVectorizer(analyzer=Counter.elements, min_df=1, sublinear_tf=True)
    reference = LogisticRegression(C=30.0, solver="liblinear", random_state=1)
    reference.fit(vectorizer.fit_transform(features), labels)
    for text in ("where is the parcel parcel parcel", "取消 my order", "zzz"):
        wanted = ngrams(token for token, _ in split(text))
        scores = reference.decision_function(vectorizer.transform([wanted]))[0]
        expected = np.exp(scores) / np.exp(scores).sum()
        np.testing.assert_allclose(model.probabilities(wanted), expected, atol=1e-5)


def test_two_labels_are_enough() -> None:
    features, labels = _texts()
    model = train(features[:8], labels[:8], min_df=1, c=30.0, seed=1)
    best = [model.labels[model.probabilities(text).argmax()] for text in features[:8]]
    assert best == labels[:8]


def test_training_twice_gives_the_same_model(tmp_path: Path) -> None:
    features, labels = _texts()
    first, second = (train(features, labels, min_df=1, c=30.0, seed=42) for _ in range(2))
    assert first.vocabulary == second.vocabulary
    assert np.array_equal(first.weights, second.weights)
    first.save(tmp_path)
    loaded = LinearModel.load(tmp_path)
    assert all(
        np.array_equal(loaded.probabilities(text), second.probabilities(text)) for text in features
    )


def _classifier(folder: Path) -> tuple[LinearIntents, LocalModelStorage, ExecutionContext]:
    storage = LocalModelStorage.create(folder)
    context = ExecutionContext(GraphSchema({}), "test")
    config = {**LinearIntents.get_default_config(), "min_df": 1, "ranking_length": 2}
    return LinearIntents.create(config, storage, Resource("intents"), context), storage, context


def _messages(*texts: str) -> list[Message]:
    messages = [Message(data={"text": text}) for text in texts]
    return MixedTokenizer(MixedTokenizer.get_default_config()).process(messages)


def test_the_component_learns_and_is_loaded_as_it_was(tmp_path: Path) -> None:
    component, storage, context = _classifier(tmp_path)
    examples = [Message(data={"text": text, "intent": label}) for label, text in EXAMPLES]
    data = TrainingData(examples)
    MixedTokenizer(MixedTokenizer.get_default_config()).process_training_data(data)
    resource = component.train(data)
    loaded = LinearIntents.load(component._config, storage, resource, context)
    texts = ("where is my parcel", "订单取消", "hello")
    for one in (component, loaded):
        found = [message.get("intent")["name"] for message in one.process(_messages(*texts))]
        assert found == ["track", "cancel", "greet"]
    ranking = loaded.process(_messages("hello"))[0].get("intent_ranking")
    assert len(ranking) == 2
    assert ranking[0]["confidence"] > ranking[1]["confidence"] > 0


def test_an_unknown_text_is_no_intent_for_sure(tmp_path: Path) -> None:
    features, labels = _texts()
    model = train(features, labels, min_df=1, c=30.0, seed=1)
    assert model.probabilities(ngrams(["qqqq"])).max() < 0.5


def test_the_kept_validator_judges_as_rasa_does(monkeypatch: pytest.MonkeyPatch) -> None:
    as_shipped = RemoteAction._validate_action_result
    monkeypatch.setattr(RemoteAction, "_validate_action_result", as_shipped)
    assert not runtime.install({runtime.SWITCH: "1"})
    assert RemoteAction._validate_action_result is as_shipped
    assert runtime.install({})
    action = RemoteAction("action_x", None)
    good: list[dict] = [
        {"events": [], "responses": []},
        {"events": [{"event": "slot", "name": "a", "value": 1}], "responses": [{"text": "x"}]},
        {},
    ]
    bad: list = [
        {"events": "none"},
        {"events": [], "responses": {}},
        {"events": [{"name": "a"}]},
        [],
        None,
    ]
    for result in good:
        assert action._validate_action_result(result) == as_shipped(action, result)
    refused = 0
    for result in bad:
        with pytest.raises(jsonschema.ValidationError):
            as_shipped(action, result)
        with pytest.raises(jsonschema.ValidationError):
            action._validate_action_result(result)
        refused += 1
    assert refused == len(bad)
    monkeypatch.setattr(rasa, "__version__", "3.6.22")
    assert not runtime.install({})
