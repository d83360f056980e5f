"""Terms: nobody works under what they have not accepted, and nothing of it is altered later."""

import hashlib
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.people import terms
from labeler.people.accounts import Person
from labeler.people.terms import Consent, NotAgreed, Terms
from labeler.text.clauses import FREE
from labeler.work import queue
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge, make_batch, make_project
from tests.statements import heard

FIRST = {"en": "Be *kind*.", "sw": "Uwe *mwema*."}
SECOND = {"en": "Be very kind.", "sw": "Uwe mwema sana."}


def works(session: Session, project: Project, person: Person) -> bool:
    """Say whether somebody is given work, and do it."""
    try:
        given = queue.claim(session, project, by=person)
    except NotAgreed:
        return False
    assert given is not None
    judge(session, given, 1, person)
    return True


def test_from_the_first_terms_to_the_second(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_project(session, cast)
    make_batch(session, project, cast, pairs=9)
    ada, bea = cast.ada, cast.bea

    # Without terms people work as ever. The first ones hold at once; what is in hand stays so.
    assert works(session, project, ada)
    held = queue.claim(session, project, by=ada)
    assert held is not None
    publish = {"notice_days": 30, "by": cast.olga}
    assert terms.publish(session, project.id, FIRST, **publish) == 1  # type: ignore[arg-type]
    judge(session, held, 1, ada)
    assert not works(session, project, ada)
    with pytest.raises(Forbidden, match="read and accept the terms"):
        queue.reserve(session, project, by=ada)

    # Ada reads Swahili; what is kept names the very text.
    consent = terms.agree(session, project.id, 1, "sw", by=ada)
    assert consent.sha256 == hashlib.sha256(FIRST["sw"].encode()).hexdigest()
    assert (consent.language, consent.agreed_at) == ("sw", frozen.time)
    assert terms.agree(session, project.id, 1, "en", by=ada) is consent
    with heard(session) as said:
        assert queue.claim(session, project, by=ada) is not None
    assert len(said) <= 4
    assert works(session, project, ada)

    # New terms: she has thirty days, but who comes new does not begin under the old ones.
    assert terms.publish(session, project.id, SECOND, **publish) == 2  # type: ignore[arg-type]
    assert works(session, project, ada)
    assert terms.awaiting(session, ada)[project.id].holds_from == frozen.time + timedelta(days=30)
    assert not works(session, project, bea)
    with pytest.raises(Conflict, match="newer terms"):
        terms.agree(session, project.id, 1, "en", by=bea)
    terms.agree(session, project.id, 2, "en", by=bea)
    assert works(session, project, bea)
    frozen.forward(days=30, seconds=-1)
    assert works(session, project, ada)
    frozen.forward(seconds=1)
    assert not works(session, project, ada)
    terms.agree(session, project.id, 2, "sw", by=ada)
    assert works(session, project, ada)
    assert terms.awaiting(session, ada) == {}
    assert [one.number for one in terms.consents_of(session, project.id, ada)] == [2, 1]
    assert terms.agreed(session, project.id) == {1: 1, 2: 2}
    assert list(audit.faults(session)) == []


def test_what_cannot_be_published(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)

    def faults(texts: dict[str, str], days: int = 30) -> dict[str, str]:
        with pytest.raises(Invalid) as refused:
            terms.publish(session, project.id, texts, notice_days=days, by=cast.olga)
        return refused.value.fields

    silent = faults({"en": "Be kind.", "fr": "Tout est confidentiel."})
    assert list(silent) == ["text_fr"]
    assert FREE["fr"] in silent["text_fr"]
    assert list(faults({})) == ["text_en"]
    assert list(faults({"en": "a\0b", "tlh": "x", "bn": "x" * 100_001})) == [
        *("text_en", "text_tlh", "text_bn")
    ]
    said = {"fr": f"Tout est confidentiel. {FREE['fr']}", "en": "Be kind."}
    assert terms.publish(session, project.id, said, notice_days=0, by=cast.olga) == 1
    assert terms.publish(session, project.id, said, notice_days=0, by=cast.olga) == 1
    for days in (0, 29, 366):
        assert list(faults({"en": "New.", "fr": "Nouveau."}, days)) == ["notice_days"]
    assert list(faults({"en": "New."})) == ["text_fr"]  # who reads French still does
    with pytest.raises(Invalid) as refused:
        terms.agree(session, project.id, 1, "sw", by=cast.ada)
    assert list(refused.value.fields) == ["language"]
    with pytest.raises(NotFound):
        terms.agree(session, project.id, 2, "en", by=cast.ada)


def test_neither_terms_nor_consents_are_altered(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    terms.publish(session, project.id, FIRST, notice_days=30, by=cast.olga)
    terms.agree(session, project.id, 1, "en", by=cast.ada)
    for table in (Terms, Consent):
        for change in (sa.update(table).values(sha256="0" * 64), sa.delete(table)):
            with pytest.raises(sa.exc.DBAPIError, match="never altered"), session.begin_nested():
                session.execute(change)
