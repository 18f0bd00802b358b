"""One URL per engine, and a clear word when it is no good."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tsunagu.analytics.backends import connect, connecting
from tsunagu.analytics.errors import TsunaguError


def test_duckdb_in_memory_is_the_default() -> None:
    assert connect().name == "duckdb"


def test_duckdb_takes_threads_and_memory(tmp_path) -> None:
    con = connect(f"duckdb://{tmp_path}/log.duckdb?threads=1&memory_limit=1GB")
    assert con.raw_sql("select current_setting('threads')").fetchone() == (1,)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle://x", "no engine"),
        ("log.duckdb", "no engine"),
        ("duckdb://?colour=red", "colour"),
        ("duckdb://?threads=many", "cannot be opened"),
        ("duckdb:///no/such/folder/x.duckdb", "cannot be opened"),
    ],
)
def test_a_url_that_is_no_good_says_why_and_shows_examples(url: str, said: str) -> None:
    with pytest.raises(TsunaguError, match=said) as caught:
        connect(url)
    assert "Examples" in caught.value.remedy


def test_without_spark_the_remedy_is_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(TsunaguError) as caught:
        connect("spark://local[1]")
    assert "pip install 'tsunagu[spark]'" in caught.value.remedy


def test_without_java_the_remedy_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: True)
    for url in ("local[2]", "spark://host:7077"):
        with pytest.raises(TsunaguError, match="Spark needs Java") as caught:
            connect(url)
        assert "Java 17" in caught.value.remedy


@pytest.mark.parametrize(
    ("url", "master"),
    [
        ("local[2]", "local[2]"),
        ("spark://local[2]", "local[2]"),
        ("local-cluster[2,1,1024]", "local-cluster[2,1,1024]"),
        ("spark://host:7077", "spark://host:7077"),
    ],
)
def test_sparks_names_are_sparks_own(
    url: str, master: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(connecting, "connect_spark", lambda *call: asked.append(call))
    connect(f"{url}?spark.executor.memory=8g")
    assert asked == [(master, {"spark.executor.memory": "8g"})]
    with pytest.raises(TsunaguError, match="colour"):
        connect(f"{url}?colour=red")
