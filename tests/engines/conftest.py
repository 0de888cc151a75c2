"""Every engine in turn: DuckDB, PostgreSQL, and Spark where there is a Java."""

from collections.abc import Iterator
from pathlib import Path

import ibis
import pyarrow as pa
import pytest
from ibis.backends import BaseBackend
from ibis.expr.types import Table

from analytics.engine import add, connect
from tests.databases import fresh_postgres
from tests.engines.spark import NEEDED, NOISE, WITHOUT_JAVA, has_java, spark

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let Spark's noise be; every other warning stays an error."""
    for item in items:
        if _HERE in item.path.parents:
            for one in NOISE:
                item.add_marker(pytest.mark.filterwarnings(one))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it loudly when an engine was not tested."""
    if not has_java():
        terminalreporter.section(WITHOUT_JAVA, sep="!", red=True, bold=True)


@pytest.fixture(scope="session")
def session_of_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseBackend]:
    """Return the one Spark of this run."""
    if not has_java():
        if NEEDED:
            pytest.fail(WITHOUT_JAVA)
        pytest.skip(WITHOUT_JAVA)
    with spark(tmp_path_factory.mktemp("spark")) as engine:
        yield engine


@pytest.fixture
def postgres_engine_url(postgres: str) -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database as FRONTDESK_ANALYTICS_URL has it."""
    with fresh_postgres(postgres, "template0") as url:
        yield url.replace("postgresql+asyncpg", "postgres")


@pytest.fixture(params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres), "pyspark"])
def engine(request: pytest.FixtureRequest) -> Iterator[BaseBackend]:
    """Return each engine, without tables."""
    if request.param == "pyspark":
        found: BaseBackend = request.getfixturevalue("session_of_spark")
        yield found
        found._session.catalog.clearCache()
        return
    url = request.getfixturevalue("postgres_engine_url") if request.param == "postgres" else None
    found = connect(url)
    yield found
    found.disconnect()


def put(engine: BaseBackend, name: str, rows: pa.Table) -> Table:
    """Return rows as a table of an engine, in place of one of this name."""
    if engine.name == "pyspark":
        # Ibis's own way goes through pandas, where an empty text becomes the word "nan".
        engine._session.createDataFrame(rows).createOrReplaceTempView(name)
        return engine.table(name)
    table: Table = engine.create_table(
        name, schema=ibis.Schema.from_pyarrow(rows.schema), overwrite=True
    )
    add(engine, name, rows)
    return table
