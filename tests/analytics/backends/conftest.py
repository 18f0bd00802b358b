"""One Spark of several processes for all tests of a run, and the small logs of the features."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ibis.backends import BaseBackend

from tsunagu.analytics.backends import connect

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "features")]

CLUSTER = "local-cluster[2,1,1024]"
"""Two executors of one core in processes of their own, as on a cluster of two machines."""

QUICK = {
    "spark.driver.memory": "700m",
    "spark.executor.memory": "500m",
    "spark.sql.shuffle.partitions": "2",
    # plans of hundreds of columns over few rows: compiling them would take most of the time
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseBackend]:
    if shutil.which("java") is None:
        pytest.skip("SPARK NOT TESTED: no Java; install openjdk-17-jre-headless")
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("SPARK NOT TESTED: no PySpark; pip install 'tsunagu[spark]'")
    os.environ["SPARK_HOME"] = str(_home(tmp_path_factory.mktemp("spark")))
    options = "&".join(f"{name}={value}" for name, value in QUICK.items())
    connection = connect(f"{CLUSTER}?{options}")
    yield connection
    connection.disconnect()
    del os.environ["SPARK_HOME"]


def _home(folder: Path) -> Path:
    """PySpark's files in a folder where its workers may write."""
    import pyspark

    for entry in Path(pyspark.__file__).parent.iterdir():
        (folder / entry.name).symlink_to(entry)
    return folder
