"""Splits: which part of a release a prompt belongs to, told from the prompt alone.

The same prompt is on the same side in every release with the same share, and what grows the test
part only moves prompts into it.
"""

import hashlib
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

Split: TypeAlias = Literal["train", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


@lru_cache(maxsize=2**12)
def split_of(prompt_id: str, test_share: float) -> Split:
    """Return the split of a prompt; a share of 0 tests nothing, a share of 1 everything."""
    digest = hashlib.sha256(f"split {prompt_id}".encode()).digest()
    place = int.from_bytes(digest[:6], "big") / 2**48
    return "test" if place < test_share else "train"
