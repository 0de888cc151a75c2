"""Refreshing the warehouse: one at a time, all or nothing."""

from analytics.warehouse.changes import prune
from analytics.warehouse.place import Warehouse
from analytics.warehouse.refresh import Refreshed, refresh
from analytics.warehouse.store import prepare, store_of
from desk.store.database import Database


async def refresh_warehouse(
    database: Database, warehouse: Warehouse, *, full: bool = False
) -> Refreshed:
    """Bring the engine's tables up to date and say what was loaded and whom it touched.

    Raises:
        ConflictError: another process is at it.
        SettingsError: the engine cannot be used.
    """
    with warehouse.writing() as engine:
        prepare(engine)
        done = await refresh(database, engine, store_of(engine), full=full)
    await prune(database, done.marks)
    return done
