"""How people answer each comparison whose answer is known."""

import numpy as np

from labeler import said
from labeler.quality.findings.estimates import Finding, share
from labeler.quality.records import Records
from labeler.stats.disputed import Disputed, disputed_gold

MOST = 100


def found(records: Records) -> Finding:
    """Return how often each known answer was met: what is disputed first, then the rarest."""
    which = np.flatnonzero(records.gold >= 0)
    items, item = np.unique(records.item[which], return_inverse=True)
    n, right = np.bincount(item), np.bincount(item, records.gold[which]).astype(int)
    answered = records.item[which], records.person[which], records.gold[which]
    disputed = {each.item: each for each in disputed_gold(*answered)}
    rows = [
        _row(int(records.compared.id[at]), int(met), int(times), disputed.get(int(at)))
        for at, met, times in zip(items, right, n, strict=True)
    ]
    rows.sort(key=lambda row: (not row["is_disputed"], row["value"], row["comparison_id"]))
    return {"all": share(int(right.sum()), int(n.sum())), "items": rows[:MOST], "n": len(rows)}


def _row(comparison_id: int, right: int, n: int, disputed: Disputed | None) -> Finding:
    row = share(right, n) | {"comparison_id": comparison_id, "is_disputed": False}
    if disputed is not None and disputed.signal.noticeable:
        row |= {"is_disputed": True, "sentence": said.parts(disputed.signal.sentence)}
    return row
