"""How the tests are run: in which order their files begin, and which are tried twice."""

from __future__ import annotations

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that take long go first, so that no worker is left alone with one at the end."""
    long = {i.path for i in items if i.get_closest_marker("slow") or "browser" in i.path.parts}
    items.sort(key=lambda item: item.path not in long)
    for item in items:
        if "browser" in item.path.parts:  # a browser on two busy cores may be unlucky once
            item.add_marker(pytest.mark.flaky(reruns=1))
