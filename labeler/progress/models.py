"""Models asked: how often each endpoint was asked in a month, what came of it and what it cost."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.endpoints.calls import Call, CallState


@dataclass
class Use:
    """What was asked of one endpoint."""

    calls: int = 0
    failed: int = 0
    """How many brought no answer in the end."""
    open: int = 0
    spent: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """By currency, in millionths of its unit; answers that came too late count as well."""


def in_month(session: Session, moment: datetime) -> Mapping[str, Use]:
    """Return what was asked of each endpoint, by name, since the month of this moment began."""
    begin = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    cost = sa.func.sum(Call.cost_micro + Call.wasted_micro)
    groups = Call.line, Call.state, Call.currency
    found = sa.select(*groups, sa.func.count(), cost).where(Call.created_at >= begin)
    uses: defaultdict[str, Use] = defaultdict(Use)
    for line, state, currency, number, spent in session.execute(found.group_by(*groups)):
        use = uses[line]
        use.calls += number
        use.failed += number if state is CallState.failed else 0
        use.open += number if state in (CallState.waiting, CallState.running) else 0
        if spent:
            use.spent[currency] += int(spent)
    return uses
