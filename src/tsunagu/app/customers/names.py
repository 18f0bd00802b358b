"""When two written names of companies mean the same company."""

from __future__ import annotations

import re
from unicodedata import normalize

_JAPANESE = re.compile(r"(?:株式|有限|合同|合資|合名)会社|\((?:株|有|同|資|名)\)")
_WESTERN = re.compile(
    r"(?:[\s,]+(?:inc|incorporated|co|company|corp|corporation|ltd|limited|llc|plc|gmbh|k\.?k)\.?)+$"
)
_BETWEEN = re.compile(r"[\W_]+")


def fold_name(name: str) -> str:
    """``name`` without width, case, spaces and legal form: equal for names that mean the same.

    A name of nothing but a legal form stays as it is.
    """
    plain = normalize("NFKC", name).casefold().strip()
    core = _BETWEEN.sub("", _WESTERN.sub("", _JAPANESE.sub(" ", plain).strip()))
    return core or plain


def can_mean(name: str, written: str) -> bool:
    """Whether somebody who wrote ``written`` can mean the company ``name``."""
    plain = normalize("NFKC", written).casefold().strip()
    return fold_name(written) in fold_name(name) or plain in normalize("NFKC", name).casefold()
