"""The key that signs what is ours: from the settings, else the one that ``frontdesk up`` made and keeps."""

import secrets
from pathlib import Path

from desk.settings import Settings


def known(settings: Settings) -> str:
    """Return the key; the empty text when there is none yet."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = _path(settings.data_dir)
    return path.read_text().strip() if path.exists() else ""


def made(settings: Settings) -> str:
    """Return the key; make and keep one when there is none yet."""
    if not known(settings):
        path = _path(settings.data_dir)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return known(settings)


def _path(folder: Path) -> Path:
    return folder / "secret.key"
