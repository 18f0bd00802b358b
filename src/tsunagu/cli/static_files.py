"""Collects what browsers load, once for each state of the files."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tsunagu import __version__
from tsunagu.analytics.errors import TsunaguError

STAMP = ".collected"


def collect() -> None:
    """Bring the static files to where the server serves them from, if any changed.

    Raises:
        TsunaguError: third-party files are missing; a checkout has to fetch them first.
    """
    from django.conf import settings
    from django.core.management import call_command

    source, target = Path(settings.STATICFILES_DIRS[0]), Path(settings.STATIC_ROOT)
    if not (source / "vendor" / "icons.svg").exists():
        raise TsunaguError(
            f"{source / 'vendor'} is missing.", remedy="Run `scripts/assets` in the checkout."
        )
    state, stamp = _state(source), target / STAMP
    if stamp.exists() and stamp.read_text(encoding="ascii") == state:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(state, encoding="ascii")


def _state(source: Path) -> str:
    digest = hashlib.sha256(__version__.encode())
    for file in sorted(p for p in source.rglob("*") if p.is_file()):
        facts = file.stat()
        name = file.relative_to(source)
        digest.update(f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode())
    return digest.hexdigest()
