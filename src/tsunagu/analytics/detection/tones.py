"""How the customer's sentences sound: the shipped tone model beside the plain words of sales."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tsunagu.analytics.causes.linear import Ints
from tsunagu.analytics.causes.tone import ToneModel


@lru_cache(maxsize=1)
def _model() -> ToneModel:
    return ToneModel.shipped()


def steps(sentences: pa.Array) -> Ints:
    """(n,) the most probable step of each sentence, −2 (much worse) to 2 (much better)."""
    if not len(sentences):
        return np.zeros(0, dtype=np.int64)
    # Short answers ("Thank you.") are many and read once.
    known = pc.dictionary_encode(sentences)
    told = _model().steps(known.dictionary.to_pylist())
    found: Ints = told[known.indices.to_numpy()]
    return found
