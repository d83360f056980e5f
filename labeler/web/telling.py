"""What people are told when their judgment is saved: how an attempt ended, and what was right."""

from sqlalchemy.orm import Session

from labeler.people.accounts import Person
from labeler.quality import lessons
from labeler.quality.lessons import Lesson
from labeler.web.filters import gettext as _
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from labeler.work.qualifications import Qualification
from labeler.work.questions.seen import LETTERS


def words(session: Session, assignment: Assignment, judgment: Judgment, ada: Person) -> str:
    """Return what to tell; nothing if there is nothing. It is theirs to know from then on."""
    if assignment.qualification_id is not None:
        ended = lessons.result(session, assignment, judgment)
        return _of_attempt(ended) if ended else ""
    lesson = lessons.learn(session, assignment, judgment, by=ada)
    return _of_lesson(lesson) if lesson else ""


def _of_attempt(ended: Qualification) -> str:
    if ended.passed_at is not None:
        return _(
            "You have passed: %(right)s of %(asked)s were right. The work itself is open to you.",
            right=ended.right,
            asked=ended.asked,
        )
    return _(
        "%(right)s of %(asked)s were right; it takes %(needed)s. You can see what was right and "
        "why, and try again.",
        right=ended.right,
        asked=ended.asked,
        needed=ended.needed,
    )


def _of_lesson(lesson: Lesson) -> str:
    letter = LETTERS[lesson.place]
    if lesson.is_right:
        told = _("The one before: yes, %(letter)s is the better answer.", letter=letter)
    else:
        told = _("The one before: %(letter)s is known to be the better answer.", letter=letter)
    why = lesson.why or ""
    kind = _("We tell you while you are new here; it costs you nothing.")
    return " ".join(filter(None, (told, why, kind)))
