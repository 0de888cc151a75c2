"""What a yes to a campaign means: the intent that it begins, as a button with the same payload would. Pure."""

import json
from typing import Annotated

from pydantic import Field

from analytics.campaigns.reading import Part

_Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Value = Annotated[str, Field(max_length=200)]


class Flow(Part):
    """An intent of the assistant's, with entities that it is given."""

    intent: _Name
    entities: dict[_Name, _Value] = Field(default_factory=dict, max_length=10)

    @property
    def payload(self) -> str:
        """Return it as the assistant reads it: ``/recommend_offer{"product": "tea"}``."""
        entities = json.dumps(self.entities, ensure_ascii=False) if self.entities else ""
        return f"/{self.intent}{entities}"
