"""How actions say something: responses by their names, the shop's own texts, commands to the desk."""

from collections.abc import Mapping
from typing import Any

from rasa_sdk.executor import CollectingDispatcher

type Buttons = list[dict[str, str]]


class Speaker:
    """Says responses of ``data/responses``; Rasa picks the language and fills the placeholders."""

    def __init__(self, dispatcher: CollectingDispatcher) -> None:
        self._dispatcher = dispatcher

    def say(self, response: str, *, buttons: Buttons | None = None, **values: str | int) -> None:
        """Say a response by its name."""
        filled: Mapping[str, Any] = {name: _plain(value) for name, value in values.items()}
        self._dispatcher.utter_message(response=response, buttons=buttons, **filled)

    def tell(self, text: str, *, buttons: Buttons | None = None) -> None:
        """Say a text that the shop wrote itself."""
        self._dispatcher.utter_message(text=text, buttons=buttons)

    def command(self, name: str, **values: str) -> None:
        """Tell the desk to do something once this turn's replies are stored."""
        self._dispatcher.utter_message(json_message={"command": name, **values})


def _plain(value: str | int) -> str | int:
    # Rasa's template engine takes "0[" in a value for its own mark and would show the bare template.
    return value.replace("0[", "0 [") if isinstance(value, str) else value
