"""One Spark for the run, in this process and a Java beside it; it speaks on loopback only."""

import os
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
from ibis.backends import BaseBackend

NEEDED = os.environ.get("FRONTDESK_TESTS_NEED_JAVA") == "1"
"""Read here, as each test takes such names away."""
WITHOUT_JAVA = (
    "PySpark NOT tested: no Java (install default-jre-headless, version 17 or later; "
    "FRONTDESK_TESTS_NEED_JAVA=1 makes this a failure)"
)
NOISE = (
    # What Ibis and PySpark do with pandas 3, and sockets that PySpark leaves to the end of the process.
    "ignore:The copy keyword is deprecated",
    "ignore::ResourceWarning",
)
_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    # Compiling each plan takes three times as long as walking through a few rows.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # times have no zone here
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
}


def has_java() -> bool:
    """Say whether there is a Java to run Spark with."""
    home = os.environ.get("JAVA_HOME")
    return bool(home and Path(home, "bin", "java").exists()) or shutil.which("java") is not None


@contextmanager
def spark(folder: Path) -> Iterator[BaseBackend]:
    """Start Spark in local mode, and end it with its Java."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark import SparkContext  # noqa: PLC0415 - it takes seconds
        from pyspark.sql import SparkSession  # noqa: PLC0415

        builder = SparkSession.builder.master("local[1]")
        for name, value in (_SETTINGS | {"spark.sql.warehouse.dir": str(folder)}).items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        engine = ibis.pyspark.connect(session)
    yield engine
    session.stop()
    gateway: Any = SparkContext._gateway
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=60)
    SparkContext._gateway = SparkContext._jvm = None
