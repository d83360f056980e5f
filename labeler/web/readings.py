"""What a page shows of one comparison: its texts, what people said of it, and what is found."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import earnings
from labeler.quality import adjudications, decisions
from labeler.text import languages, markdown
from labeler.work import comparisons, gold, listings, rubrics
from labeler.work.comparisons import Comparison, Prompt
from labeler.work.judgments import Judgment


def reading(session: Session, comparison: Comparison) -> dict[str, Any]:
    """Return what `_partials/comparison.html` needs, for reviewers: models and names are in it."""
    responses = comparisons.responses(session, comparison.id)
    said = listings.of_comparison(session, comparison.id)
    numbers = {judgment.rubric_number for judgment, _ in said}
    project_id = comparison.project_id
    return {
        "comparison": comparison,
        "prompt": session.get_one(Prompt, comparison.prompt_id),
        "responses": responses,
        "gold": gold.of_comparisons(session, [comparison.id]).get(comparison.id),
        "said": said,
        "rubrics": {number: rubrics.version(session, project_id, number) for number in numbers},
        "names": [str(number + 1) for number in range(len(responses))],
        "ahead": _ahead,
        "render": markdown.render,
        "direction": languages.direction(comparison.language),
        "exclusions": decisions.exclusions(session, (judgment for judgment, _ in said)),
        "refusable": _refusable(judgment for judgment, _ in said),
        "findings": adjudications.of_comparison(session, comparison.id),
    }


def _refusable(said: Iterable[Judgment]) -> set[int]:
    """Return the assignments whose pay is not due yet, so that it could be refused."""
    since = clock.now() - earnings.WINDOW
    return {each.assignment_id for each in said if each.version == 1 and each.created_at > since}


def _ahead(counted: Sequence[Judgment]) -> tuple[int, int, int] | None:
    """Return the response that most found best, how often, and how often the next one; or None."""
    best = Counter(one.preferred for one in counted if one.preferred is not None).most_common(2)
    if not best:
        return None
    (number, most), (_, following) = (*best, (0, 0))[:2]
    return (number, most, following) if most > following else None
