"""The database's schema: bring it up to date, and say whether it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from desk.store.database import Database, parse_url

ROOT = Path(__file__).resolve().parents[1]


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["database_url"] = database_url
    return config


def upgrade(database_url: str) -> None:
    """Create the database file's folder and apply what is missing; call it outside an event loop."""
    url = parse_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(_config(database_url), "head")


def head() -> str | None:
    """Return the newest revision that this program knows."""
    return ScriptDirectory.from_config(_config("")).get_current_head()


async def current(database: Database) -> str | None:
    """Return the revision of the database, None when it has no schema."""
    try:
        async with database.read() as session:
            value = await session.scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return None
    return str(value) if value is not None else None
