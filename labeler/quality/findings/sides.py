"""Whether one side is chosen more often than the other, whatever stands there."""

import numpy as np

from labeler import said
from labeler.quality.findings.estimates import Finding, share
from labeler.quality.records import Records
from labeler.stats.signals.sides import side_signals


def found(records: Records) -> Finding:
    """Return how often the answer shown as A was chosen, of the judgments that chose one."""
    first, n = int(np.sum(records.place == 0)), int(np.sum(records.place >= 0))
    signal = side_signals([first], [n])[0]
    return share(first, n) | {
        "is_noticeable": signal.noticeable,
        "sentence": said.parts(signal.sentence),
        "rows": [
            {"name": name, "count": count, "judgments": records.last(records.place == place)}
            for place, (name, count) in enumerate((("A", first), ("B", n - first)))
        ],
    }
