"""What a conversation looks like: how far it is, and what of it is shown.

All of it comes out of a `Look`, which knows neither who answers nor how far one of the two is.
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from labeler.arena import endings, looks
from labeler.arena.conversations import Conversation
from labeler.arena.endings import Named
from labeler.arena.looks import Exchange, Look, Standing
from labeler.arena.rules import Vote
from labeler.arena.turns import Turn
from labeler.said import say
from labeler.web import scale
from labeler.web.filters import gettext as _
from labeler.web.judging import Text
from labeler.work import judgments, rubrics
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from labeler.work.questions.seen import LETTERS
from labeler.work.rubrics import Verdict

VERDICT_WORDS = {
    Verdict.tie: say("About the same"),
    Verdict.both_bad: say("Both are bad"),
}


class Stage(enum.StrEnum):
    """What a conversation waits for."""

    write = "write"
    """A message."""
    writing = "writing"
    """Both answers."""
    failed = "failed"
    """Another try: one of the answers cannot be had, and nobody is told which."""
    vote = "vote"
    """What the person says of the answers."""
    done = "done"
    """Its end: nothing more can be written."""
    over = "over"
    """Nothing: it has ended."""


@dataclass(frozen=True)
class Shown:
    """A message, and those of its answers that are shown."""

    message: Text
    answers: Sequence[Text] = ()
    outcome: str = ""
    """What the person said of them, in words."""
    names: Mapping[str, str] | None = None
    """Who answered, by letter; nothing before the person was told."""
    hindrance: str = ""

    @property
    def texts(self) -> list[str]:
        """What there is to read."""
        return [self.message.source, *(answer.source for answer in self.answers)]


@dataclass(frozen=True)
class Chat:
    """A conversation as its page shows it."""

    id: int
    stage: Stage
    token: str
    """What changes with every step: a script asks for it, to know whether there is news."""
    number: int
    most: int
    earlier: Sequence[Shown]
    current: Shown | None
    turn: Turn | None
    """The last turn: what is voted on, or asked again."""
    may_draw_again: bool
    hindrance: str
    is_open: bool
    is_named: bool
    votes_once: bool
    """Whether the two whole conversations are compared at the end."""
    language: str

    @property
    def name(self) -> str:
        """What a browser keeps its drafts under."""
        return f"chat-{self.id}"

    @property
    def texts(self) -> list[str]:
        """What there is to read."""
        shown = [*self.earlier, *([self.current] if self.current else [])]
        return [text for one in shown for text in one.texts]


def stage_of(look: Look) -> Stage:
    """Say what the conversation waits for."""
    is_open = look.conversation.ended_at is None
    standing = look.exchanges[-1].standing if look.exchanges else Standing.ready
    if is_open and standing is Standing.writing:
        return Stage.writing
    if is_open and standing is Standing.failed:
        return Stage.failed
    if look.may_say:
        return Stage.write
    if look.votes_on is not None:
        return Stage.vote
    return Stage.done if is_open else Stage.over


def token_of(look: Look) -> str:
    """Return what changes with every step of the conversation."""
    draw = look.exchanges[-1].turn.draw if look.exchanges else 0
    return f"{len(look.exchanges)}.{draw}-{stage_of(look)}"


def read(session: Session, conversation: Conversation) -> Chat:
    """Return the conversation as its page shows it just now."""
    look = looks.look(session, conversation)
    stage = stage_of(look)
    named = {each.number: _names(each) for each in endings.named(session, conversation)}
    shown = [_shown(session, each, look, named.get(each.turn.number)) for each in look.exchanges]
    last = shown.pop() if shown and _is_current(look, stage) else None
    number = len(look.exchanges) + (stage is Stage.write)
    return Chat(
        id=conversation.id,
        stage=stage,
        token=token_of(look),
        number=max(1, min(number, conversation.most_turns)),
        most=conversation.most_turns,
        earlier=shown,
        current=last,
        turn=look.exchanges[-1].turn if look.exchanges else None,
        may_draw_again=look.may_draw_again,
        hindrance="" if last and last.hindrance == look.hindrance else look.hindrance,
        is_open=conversation.ended_at is None,
        is_named=conversation.revealed_at is not None,
        votes_once=conversation.vote is Vote.end,
        language=conversation.language,
    )


def _names(named: Named) -> list[str]:
    """Name the models, and the endpoints where they are called otherwise here."""
    both = zip(named.models, named.endpoints, strict=True)
    return [model if model == name else f"{model} · {name}" for model, name in both]


def _is_current(look: Look, stage: Stage) -> bool:
    """Say whether the last turn stands apart: what was said of it is said, once it was voted on."""
    return stage is not Stage.over and not look.exchanges[-1].is_voted


def _shown(session: Session, exchange: Exchange, look: Look, models: Sequence[str] | None) -> Shown:
    language = look.conversation.language
    answers = [
        Text.of(text, language, letter=letter)
        for letter, text in zip(LETTERS, exchange.answers, strict=False)
    ]
    if exchange.goes_on is not None and models is None and exchange.is_voted:
        answers = answers[exchange.goes_on : exchange.goes_on + 1]
    return Shown(
        message=Text.of(exchange.turn.text, language, role="user"),
        answers=answers,
        outcome=_outcome(session, exchange, look),
        names=None if models is None else dict(zip(LETTERS, models, strict=False)),
        hindrance=exchange.hindrance,
    )


def _outcome(session: Session, exchange: Exchange, look: Look) -> str:
    """Say what the person said, and how the conversation went on if that did not tell."""
    if exchange.turn.assignment_id is None:
        return ""
    assignment = session.get_one(Assignment, exchange.turn.assignment_id)
    said = _said(session, judgments.current(session, assignment))
    words = [_("You said: %(answer)s.", answer=said)] if said else []
    went_on = look.exchanges[-1] is not exchange or look.conversation.ended_at is None
    if exchange.turn.is_lot and exchange.goes_on is not None and went_on:
        letter = LETTERS[exchange.goes_on]
        words.append(_("It goes on from answer %(letter)s, by lot.", letter=letter))
    return " ".join(words)


def _said(session: Session, judgment: Judgment) -> str:
    if judgment.step is None:
        return _(VERDICT_WORDS[judgment.verdict]) if judgment.verdict in VERDICT_WORDS else ""
    rubric = rubrics.version(session, judgment.project_id, judgment.rubric_number)
    assert rubric.pairwise is not None
    return _(scale.step_names(rubric.pairwise.steps)[judgment.step - 1])
