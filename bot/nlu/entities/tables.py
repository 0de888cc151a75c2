"""What the training data says about entities: patterns, look-up tables, synonyms; kept with the model as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

FORMAT = 1


class TablesError(ValueError):
    """The entity tables cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Tables:
    """Patterns as (entity, regular expression), words by entity, and canonical values by lower-case alias."""

    patterns: list[tuple[str, str]] = field(default_factory=list)
    lookups: dict[str, list[str]] = field(default_factory=dict)
    synonyms: dict[str, str] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """The same tables give the same bytes."""
        content = {"format": FORMAT, **asdict(self)}
        path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Tables:
        """Raises TablesError for a file that is missing, half written or of another version."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise TablesError(f"{path.name} has format {content['format']}, this is {FORMAT}")
            return cls(
                patterns=[(str(name), str(pattern)) for name, pattern in content["patterns"]],
                lookups={str(name): list(words) for name, words in content["lookups"].items()},
                synonyms=dict(content["synonyms"]),
            )
        except TablesError:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TablesError(f"{path.name} is damaged or incomplete ({error!r})") from error


def canonical(pairs: Mapping[str, str]) -> dict[str, str]:
    """Aliases in lower case; a canonical value is found in every spelling of its case."""
    synonyms = {alias.lower(): value for alias, value in pairs.items() if alias != value}
    for value in list(synonyms.values()):
        synonyms.setdefault(value.lower(), value)
    return dict(sorted(synonyms.items()))
