"""Read-only numbers: how far the work has come, how well people agree, what it costs.

Counted from narrow columns and their indexes; no text of a prompt, an answer or a reason is read,
except where somebody looks at their own judgments.
"""

from labeler.progress.annotators import (
    Judged,
    Own,
    Work,
    judged_by,
    of_annotator,
    today,
    work_of,
)
from labeler.progress.behind import Behind, behind, comparison_names, names
from labeler.progress.members import PersonRow, people
from labeler.progress.projects import (
    Day,
    Overview,
    cost_by_day,
    done_of,
    median_ms,
    overview,
    skips,
    steps_chosen,
)
from labeler.progress.quality import (
    Agreement,
    Estimate,
    Week,
    agreement,
    agreement_by_week,
    votes,
)
from labeler.progress.steadiness import Mine, mine

__all__ = [
    "Agreement",
    "Behind",
    "Day",
    "Estimate",
    "Judged",
    "Mine",
    "Overview",
    "Own",
    "PersonRow",
    "Week",
    "Work",
    "agreement",
    "agreement_by_week",
    "behind",
    "comparison_names",
    "cost_by_day",
    "done_of",
    "judged_by",
    "median_ms",
    "mine",
    "names",
    "of_annotator",
    "overview",
    "people",
    "skips",
    "steps_chosen",
    "today",
    "votes",
    "work_of",
]
