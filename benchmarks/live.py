#!/usr/bin/env python3
"""How long after an activity its deal's new risk is on the screen, at a running demo.

    .venv/bin/python benchmarks/live.py http://localhost:8000 demo [--times 20]

"demo" is the folder in which `tsunagu demo` made it. Logs a call on one deal after another as a
representative does in two taps, and then asks for the deal's card as the page itself does, every
200 ms, until it no longer says that the risk is being updated.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import sys
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

PAUSE = 0.2
"""As in today/_card.html."""

MARK = "load delay:200ms"
"""The card asks again for as long as it holds this."""


class Visitor:
    """A representative in a browser without a screen."""

    def __init__(self, address: str, email: str, password: str) -> None:
        self.address, self.cookies = address, CookieJar()
        self.web = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self.get("/accounts/login/")
        self.post("/accounts/login/", login=email, password=password)

    def get(self, path: str) -> str:
        with self.web.open(self.address + path, timeout=20) as answer:
            return answer.read().decode()

    def post(self, path: str, **fields: str) -> str:
        token = next(c.value for c in self.cookies if c.name == "csrftoken")
        data = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        with self.web.open(self.address + path, data, timeout=20) as answer:
            return answer.read().decode()


def main() -> None:
    wanted = arguments()
    people = json.loads((wanted.folder / "log-ins.json").read_text("utf-8"))
    person = next(p for p in people if p["role"] == "representative")
    visitor = Visitor(wanted.address.rstrip("/"), person["email"], person["password"])
    deals = re.findall(r'id="deal-(\d+)"', visitor.get("/today/"))[: wanted.times]
    print(f"command: {' '.join(sys.argv)}")
    print(f"machine: {platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    seconds = [until_shown(visitor, deal) for deal in deals]
    print(f"{len(seconds)} activities, one after the other; seconds until the new risk was shown:")
    print(f"median {statistics.median(seconds):.2f}, longest {max(seconds):.2f}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--times", type=int, default=20)
    return parser.parse_args()


def until_shown(visitor: Visitor, deal: str) -> float:
    begun = time.perf_counter()
    visitor.post(f"/deals/{deal}/log/", what="call:talked", once=f"live-{deal}-{time.time_ns()}")
    looks = 1
    while MARK in visitor.get(f"/today/{deal}/?look={looks}"):
        time.sleep(PAUSE)
        looks += 1
        if looks > 25:
            raise SystemExit(f"deal {deal}: no new risk after {looks} looks")
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
