"""What tells facts of a file apart: their number in it, or else their content.

A key reads ``KIND:ID:CONTENT``; both parts are digests, and the id is empty where there is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_DIGEST = 12  # bytes: a million rows collide once in 10^17 files
_ID_AT = len("a:")
_ID_END = _ID_AT + 2 * _DIGEST + 1


def keys_of(kind: str, ids: Iterable[str | None], contents: Iterable[str]) -> pa.Array:
    """The keys of facts; ``kind`` is one letter."""
    return pa.array(
        [
            f"{kind}:{digest(i) if i else ''}:{digest(content)}"
            for i, content in zip(ids, contents, strict=True)
        ],
        pa.string(),
    )


def numbered(keys: pa.Array) -> NDArray[np.bool_]:
    """Which keys hold a number."""
    first = pc.utf8_slice_codeunits(keys, _ID_AT, _ID_AT + 1)
    return np.asarray(pc.not_equal(first, ":").to_numpy(zero_copy_only=False), bool)


def numbers_of(keys: pa.Array) -> pa.Array:
    """The keys without their content: alike for facts of the same number."""
    return pc.utf8_slice_codeunits(keys, 0, _ID_END)


def digest(text: str) -> str:
    """A short name for a text."""
    return blake2b(text.encode(), digest_size=_DIGEST).hexdigest()
