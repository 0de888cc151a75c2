"""How the Bot API refuses."""

from typing import Any


class ApiError(Exception):
    """A call that is refused: the code, the description and the parameters of the answer."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.body: dict[str, Any] = {
            "ok": False,
            "error_code": code,
            "description": description,
        }
        if parameters:
            self.body["parameters"] = parameters
