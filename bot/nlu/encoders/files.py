"""Files that wheels carry, found without importing the wheel, and trusted only if they are the ones we know."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from bot.nlu.encoders.encoder import EncoderError


def installed(package: str, path: str, sha256: str) -> Path:
    """The file of an installed package; EncoderError if it is missing or another one."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EncoderError(f"the package {package} is not installed: uv sync --project bot")
    file = Path(spec.submodule_search_locations[0]) / path
    verify(file, sha256)
    return file


def verify(file: Path, sha256: str) -> None:
    """EncoderError unless the file is there and has this digest."""
    if not file.is_file():
        raise EncoderError(f"{file} is missing: install its package again")
    if digest(file) != sha256:
        raise EncoderError(
            f"{file} was altered (its sha256 is not {sha256[:12]}...): install its package again"
        )


def digest(file: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(1 << 20):
            found.update(block)
    return found.hexdigest()
