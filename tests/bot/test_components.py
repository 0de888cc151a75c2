"""The components of the understanding pipeline."""

import pytest
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.metadata_entities import MetadataEntities, entities_of
from bot.nlu.tokenizer import MixedTokenizer, split


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
