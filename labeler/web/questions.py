"""What people are asked about their own work, and what they say to it."""

from collections.abc import Mapping, Sequence

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_required

from labeler import database
from labeler.errors import Invalid
from labeler.pay.worktime import Kind
from labeler.people.accounts import Person
from labeler.quality import inquiries
from labeler.quality.inquiries import Question
from labeler.text import markdown
from labeler.web import clocks, visitors
from labeler.web.clocks import Clock
from labeler.web.filters import gettext as _
from labeler.web.reviews import OUTCOME_WORDS
from labeler.work import comparisons

pages = Blueprint("questions", __name__, url_prefix="/questions")


@pages.get("")
@login_required
def index() -> ResponseReturnValue:
    return _page({})


@pages.post("/<int:review_id>")
@login_required
def answer(review_id: int) -> ResponseReturnValue:
    session, ada = database.session(), visitors.person()
    review = inquiries.find(session, review_id, by=ada)
    try:
        inquiries.answer(session, review, request.form.get("comment", ""), by=ada)
    except Invalid as refusal:
        database.reread()
        return _page({review_id: refusal.fields["comment"]}), refusal.status
    session.commit()
    flask.flash(_("Sent. The reviewers of the project read it."))
    return redirect(url_for("questions.index"))


def _page(faults: Mapping[int, str]) -> str:
    session, ada = database.session(), visitors.person()
    found = inquiries.of_person(session, ada)
    ids = [each.review.comparison_id for each in found if each.review.comparison_id is not None]
    return render_template(
        "questions/index.html",
        questions=found,
        prompts=comparisons.prompts_of(session, ids),
        outcomes=OUTCOME_WORDS,
        excerpt=markdown.plain,
        faults=faults,
        clock=_clock(found, ada),
    )


def _clock(found: Sequence[Question], ada: Person) -> Clock | None:
    """Let a clock run while anything waits for an answer: for the project of what comes first."""
    waits = next((each for each in found if not each.review.is_closed), None)
    if waits is None:
        return None
    kind = Kind.clarification if waits.judgment is None else Kind.review_reply
    texts = [waits.review.why, *(comment.text for comment, _author in waits.thread)]
    return clocks.start(kind, waits.project.id, ada, texts=texts)
