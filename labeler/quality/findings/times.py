"""How long judgments took."""

import numpy as np

from labeler.quality.findings.estimates import Finding
from labeler.quality.records import Records

EDGES_S = (0, 2, 4, 8, 15, 30, 60, 120, 240, 480, 900, 1800, 3600)
"""Where the bars of the histogram begin: each twice as long as the one before, or about so."""


def found(records: Records) -> Finding:
    """Return the median, the quartiles, and how many judgments took how long."""
    took = records.duration_ms
    if not len(took):
        return {"n": 0, "bars": []}
    low, median, high = np.quantile(took, [0.25, 0.5, 0.75]).astype(int).tolist()
    bar = np.searchsorted(EDGES_S, took / 1000.0, side="right") - 1
    return {
        "n": len(took),
        "median_ms": median,
        "quartiles_ms": [low, high],
        "bars": [
            {
                "from_s": edge,
                "to_s": (*EDGES_S, None)[at + 1],
                "count": int(np.sum(bar == at)),
                "judgments": records.last(bar == at),
            }
            for at, edge in enumerate(EDGES_S)
        ],
    }
