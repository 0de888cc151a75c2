"""The entity component inside Rasa: trained, kept, loaded, and asked."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.extractors.entity_synonyms import EntitySynonymMapper
from rasa.nlu.extractors.regex_entity_extractor import RegexEntityExtractor
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

import bot.nlu
from bot.nlu.pattern_entities import FILE, PatternEntities
from tests.bot.entity_data import UTC

DATA = """
version: "3.1"
nlu:
- intent: buy
  examples: |
    - a [ticket 7](place) to [Paris](city)
    - to [the capital]{"entity": "city", "value": "Paris"}
- regex: place
  examples: |
    - ticket (?P<value>[0-9]+)
- regex: not_annotated
  examples: |
    - [a-z]+
- lookup: city
  examples: |
    - Paris
    - 巴黎
- synonym: Paris
  examples: |
    - 巴黎
"""
CONTEXT = ExecutionContext(GraphSchema({}), "test")


def data_of(text: str) -> TrainingData:
    return RasaYAMLReader().reads(text)


def config(**changed: Any) -> dict[str, Any]:
    return {**PatternEntities.get_default_config(), **changed}


def trained(
    folder: Path, text: str = DATA, **changed: Any
) -> tuple[PatternEntities, LocalModelStorage, Resource]:
    folder.mkdir(exist_ok=True)
    storage = LocalModelStorage.create(folder)
    component = PatternEntities.create(config(**changed), storage, Resource("entities"), CONTEXT)
    return component, storage, component.train(data_of(text))


def entities(component: Any, text: str, **data: Any) -> list[dict[str, Any]]:
    return component.process([Message(data={"text": text, **data})])[0].get("entities")


def test_it_is_loaded_as_it_was_trained(tmp_path: Path) -> None:
    component, storage, resource = trained(tmp_path)
    loaded = PatternEntities.load(config(), storage, resource, CONTEXT)
    for one in (component, loaded):
        found = entities(one, "Ticket 7 to 巴黎 for $5, or the capital")
        assert [(e["entity"], e["value"], e["text"]) for e in found] == [
            ("place", "7", "Ticket 7"),
            ("city", "Paris", "巴黎"),
            ("money", "5 USD", "$5"),
        ]
        assert {e["extractor"] for e in found} == {"PatternEntities"}
        assert json.loads(json.dumps(found)) == found


def test_config_yml_names_it() -> None:
    assert bot.nlu.PatternEntities is PatternEntities


def test_training_twice_keeps_the_same_bytes_and_other_data_other_ones(tmp_path: Path) -> None:
    kept = []
    for name, text in (("a", DATA), ("b", DATA), ("c", DATA.replace("[0-9]+", "[0-9]{1,3}"))):
        _, storage, resource = trained(tmp_path / name, text)
        with storage.read_from(resource) as folder:
            kept.append((folder / FILE).read_bytes())
    assert kept[0] == kept[1] != kept[2]


def test_patterns_and_tables_can_be_left_out(tmp_path: Path) -> None:
    component, *_ = trained(tmp_path, use_regexes=False, use_lookup_tables=False)
    assert entities(component, "ticket 7 to Paris") == []


def test_it_finds_what_rasas_own_components_find(tmp_path: Path) -> None:
    """The same data, spans and values; ours are no fewer and carry more."""
    storage = LocalModelStorage.create(tmp_path)
    regex = RegexEntityExtractor.create(
        RegexEntityExtractor.get_default_config(), storage, Resource("regex"), CONTEXT
    )
    mapper = EntitySynonymMapper.create({}, storage, Resource("synonyms"), CONTEXT)
    (tmp_path / "ours").mkdir()
    ours, *_ = trained(tmp_path / "ours", kinds=[])
    regex.train(data_of(DATA))
    mapper.train(data_of(DATA))
    for text in ("a TICKET 12 to paris", "去 巴黎 吧", "nothing", "PARIS, Paris"):
        theirs = mapper.process(regex.process([Message(data={"text": text})]))[0].get("entities")
        expected = [(e["entity"], e["start"], e["end"]) for e in theirs]
        found = entities(ours, text)
        assert [(e["entity"], e["start"], e["end"]) for e in found] == expected
        cities = [e["value"] for e in theirs if e["entity"] == "city"]
        assert [e["value"] for e in found if e["entity"] == "city"] == cities


def test_what_others_found_stays_and_gets_its_canonical_value(tmp_path: Path) -> None:
    component, *_ = trained(tmp_path)
    before = {"entity": "city", "value": "the Capital", "start": 0, "end": 11}
    found = entities(component, "the Capital on ticket 1", entities=[before])
    assert found[0] == {**before, "value": "Paris"}
    assert found[1]["value"] == "1"


@pytest.mark.parametrize(
    ("metadata", "value"),
    [
        ({"sent_at": "2026-03-04T12:00:00Z"}, "2026-03-05"),
        ({"sent_at": "2026-03-04T23:30:00+00:00"}, "2026-03-06"),
        ({"sent_at": "2026-03-04T12:00:00"}, "2026-03-05"),
        ({"sent_at": 1772625600}, "2026-03-05"),
        ({"sent_at": "soon"}, "2030-01-02"),
        ({"sent_at": True}, "2030-01-02"),
        ({"sent_at": 1e300}, "2030-01-02"),
        ({}, "2030-01-02"),
        ("text", "2030-01-02"),
        (None, "2030-01-02"),
    ],
)
def test_tomorrow_is_counted_from_the_message(tmp_path: Path, metadata: Any, value: str) -> None:
    def new_year() -> datetime:
        return datetime(2030, 1, 1, 8, tzinfo=UTC)

    _, storage, resource = trained(tmp_path)
    loaded = PatternEntities.load(config(timezone="Asia/Shanghai"), storage, resource, CONTEXT)
    loaded._clock = new_year
    assert entities(loaded, "tomorrow", metadata=metadata)[0]["value"] == value


def test_messages_without_text_pass_through(tmp_path: Path) -> None:
    component, *_ = trained(tmp_path)
    assert component.process([Message(data={"intent": "x"})])[0].get("entities") is None


@pytest.mark.parametrize("content", ["", '{"format": 1, "patterns": [["a"', '{"format": 0}', "[]"])
def test_a_damaged_or_old_model_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    _, storage, resource = trained(tmp_path)
    with storage.write_to(resource) as folder:
        (folder / FILE).write_text(content)
    with pytest.raises(RasaException, match="train the model again"):
        PatternEntities.load(config(), storage, resource, CONTEXT)


def test_a_model_without_entities_is_refused(tmp_path: Path) -> None:
    storage = LocalModelStorage.create(tmp_path)
    with pytest.raises(RasaException, match="train the model again"):
        PatternEntities.load(config(), storage, Resource("entities"), CONTEXT)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"regions": ["ZZ"]}, "ZZ"),
        ({"timezone": "Mars/Base"}, "Mars/Base"),
        ({"date_order": "x"}, "MDY or DMY"),
        ({"templates": {"a": "{"}}, "template of a"),
    ],
)
def test_wrong_settings_stop_with_one_line(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(RasaException, match=said):
        trained(tmp_path, **changed)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("ticket (?P<value>[0-9]+)", "ticket ([0-9", "regex place"),
        ("    - Paris\n    - 巴黎", "    missing.txt", "missing.txt"),
    ],
)
def test_data_that_cannot_be_used_is_named(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    text = DATA.replace(before, after)
    if "missing" in after:
        data = data_of(DATA)
        data.lookup_tables[0]["elements"] = "missing.txt"
    else:
        data = data_of(text)
    component = PatternEntities.create(
        config(), LocalModelStorage.create(tmp_path), Resource("entities"), CONTEXT
    )
    with pytest.raises(RasaException, match=said):
        component.train(data)


def test_a_table_may_be_a_file_from_another_system(tmp_path: Path) -> None:
    words = tmp_path / "cities.txt"
    words.write_bytes("\ufeffOslo\r\n\r\n 东京 \r\n".encode())
    data = data_of(DATA)
    data.lookup_tables[0]["elements"] = str(words)
    (tmp_path / "model").mkdir()
    storage = LocalModelStorage.create(tmp_path / "model")
    component = PatternEntities.create(config(), storage, Resource("entities"), CONTEXT)
    component.train(data)
    assert [e["value"] for e in entities(component, "oslo 到东京")] == ["Oslo", "东京"]
