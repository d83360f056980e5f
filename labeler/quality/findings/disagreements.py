"""The comparisons on which people disagree most."""

import numpy as np

from labeler.quality.findings.estimates import Finding
from labeler.quality.records import Records
from labeler.stats.agreement import tally

MOST = 100


def found(records: Records) -> list[Finding]:
    """Return comparisons whose votes are most even, those with more votes before others.

    `votes` counts each answer by number, then "about the same", then "both are bad". Where all
    votes are for the same, nobody disagrees.
    """
    which = np.flatnonzero(records.counts)
    items, item = np.unique(records.item[which], return_inverse=True)
    counts = tally(item, records.label[which], len(items), records.n_labels)
    n, (second, first) = counts.sum(axis=1), np.sort(counts, axis=1)[:, -2:].T
    split = np.flatnonzero(first < n)
    lead = (first - second)[split] / n[split]
    order = split[np.lexsort((items[split], -n[split], lead))][:MOST]
    return [
        {
            "comparison_id": int(records.compared.id[items[at]]),
            "votes": counts[at, : records.compared.answers[items[at]] + 2].tolist(),
        }
        for at in order
    ]
