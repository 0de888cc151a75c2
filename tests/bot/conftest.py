"""Tests of Rasa's side need Rasa's environment; in the application's they are left out, and only there.

They run by `uv run --project bot --group dev pytest -c bot/pyproject.toml tests/bot/test_connector.py ...`.
"""

from importlib.util import find_spec

NEED_RASA = ["test_components.py", "test_connector.py", "test_tracker_store.py"]

collect_ignore = [] if find_spec("rasa") else NEED_RASA
