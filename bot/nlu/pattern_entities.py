"""Rasa's component for entities that patterns and tables can find (see `bot.nlu.entities`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.exceptions import InvalidConfigException, RasaException
from rasa.shared.nlu.constants import ENTITIES, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.entities import EntityFinder, Options, OptionsError, Tables, TablesError
from bot.nlu.entities.training import tables_of

FILE = "entities.json"
_TRAIN_AGAIN = "train the model again (frontdesk train)"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class PatternEntities(EntityExtractorMixin, GraphComponent):
    """Finds e-mail addresses, phone numbers, money and dates, and what `regex`, `lookup` and `synonym` of the
    training data describe; takes the place of RegexEntityExtractor, DucklingEntityExtractor and EntitySynonymMapper.
    """

    def __init__(
        self,
        config: dict[str, Any],
        storage: ModelStorage,
        resource: Resource,
        tables: Tables,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """`clock` tells the time of messages that come without one."""
        self._config = config
        self._storage = storage
        self._resource = resource
        self._clock = clock
        self._use(tables)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """See `bot.nlu.entities.Options`; the first four mean what they mean to RegexEntityExtractor."""
        return {
            "case_sensitive": False,
            "use_lookup_tables": True,
            "use_regexes": True,
            "use_word_boundaries": True,
            "kinds": list(Options.kinds),
            "regions": list(Options.regions),
            "currencies": {},
            "date_order": Options.date_order,
            "templates": {},
            # Where a message's metadata says when it was written (ISO 8601 or seconds since 1970), and where we are.
            "time_key": "sent_at",
            "timezone": "UTC",
        }

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> PatternEntities:
        """Built by Rasa's graph for training; knows no tables yet."""
        return cls(config, model_storage, resource, Tables())

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> PatternEntities:
        """Built by Rasa's graph for use."""
        try:
            with model_storage.read_from(resource) as folder:
                tables = Tables.load(Path(folder) / FILE)
        except (TablesError, ValueError) as error:
            raise RasaException(f"The entities of the model: {error}; {_TRAIN_AGAIN}.") from error
        return cls(config, model_storage, resource, tables)

    def train(self, training_data: TrainingData) -> Resource:
        """Keeps what the training data says about entities; refuses what could not be used later."""
        try:
            tables = tables_of(
                training_data,
                use_regexes=bool(self._config["use_regexes"]),
                use_lookups=bool(self._config["use_lookup_tables"]),
            )
        except TablesError as error:
            raise InvalidConfigException(f"PatternEntities: {error}.") from error
        self._use(tables)
        with self._storage.write_to(self._resource) as folder:
            tables.save(Path(folder) / FILE)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds the entities to those that other components found, and gives those their canonical value."""
        for message in messages:
            text = message.get(TEXT)
            if not isinstance(text, str):
                continue
            before = [self._mapped(entity) for entity in message.get(ENTITIES, [])]
            found = self._finder.find(text, self._time_of(message))
            entities = before + self.add_extractor_name(found)
            message.set(ENTITIES, entities, add_to_output=True)
        return messages

    def _use(self, tables: Tables) -> None:
        config = self._config
        options = Options(
            kinds=tuple(config["kinds"]),
            case_sensitive=bool(config["case_sensitive"]),
            word_boundaries=bool(config["use_word_boundaries"]),
            regions=tuple(config["regions"]),
            currencies=config["currencies"],
            date_order=config["date_order"],
            templates=config["templates"],
        )
        try:
            self._zone = ZoneInfo(config["timezone"])
            self._finder = EntityFinder(tables, options)
        except (OptionsError, TablesError) as error:
            raise InvalidConfigException(f"PatternEntities: {error}.") from error
        except (LookupError, ValueError) as error:
            raise InvalidConfigException(
                f"PatternEntities: there is no time zone {config['timezone']}."
            ) from error
        self._synonyms = tables.synonyms

    def _mapped(self, entity: dict[str, Any]) -> dict[str, Any]:
        value = self._synonyms.get(str(entity.get("value")).lower())
        return entity if value is None else {**entity, "value": value}

    def _time_of(self, message: Message) -> datetime:
        metadata = message.get(METADATA)
        given = metadata.get(self._config["time_key"]) if isinstance(metadata, dict) else None
        return (_read_time(given) or self._clock()).astimezone(self._zone)


def _read_time(given: Any) -> datetime | None:
    """An aware time from ISO 8601 or seconds since 1970; None for what is neither."""
    try:
        if isinstance(given, str):
            time = datetime.fromisoformat(given.strip().replace("Z", "+00:00"))
        elif isinstance(given, (int, float)) and not isinstance(given, bool):
            time = datetime.fromtimestamp(given, timezone.utc)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)
