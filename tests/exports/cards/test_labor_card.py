"""The labor card: what it tells of a project, of whom it tells nothing, and that it stays so."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from exports import loading
from exports.cards import labor_card
from exports.cards.labor import completing
from exports.cards.labor.model import LaborCard
from exports.choosing import selection
from exports.kept import declared
from exports.kept.declared import Declared
from labeler import clock
from labeler.database import Database
from labeler.errors import Invalid
from labeler.pay import earnings, ledger, missed, rates, wages
from labeler.pay.accounts import AccountKind, Place
from labeler.pay.ledger import TransferKind
from labeler.pay.worktime import Kind
from labeler.people import memberships, remarks, representatives, terms
from labeler.people.accounts import Person
from labeler.people.memberships import Placement
from labeler.quality import brakes, decisions, disputes, refusals
from labeler.quality.disputes import Finding
from labeler.quality.explained import About
from labeler.quality.refusals import ReasonCode
from labeler.work import assignments, opt_ins, projects, queue
from labeler.work.assignments import SkipReason
from labeler.work.judgments import Judgment
from labeler.work.opt_ins import Choice
from tests.conftest import NewAddress, StoppedClock
from tests.exports import crowds, released
from tests.exports.crowds import Crowd, card, facts, gather, work
from tests.house.source import ROOT
from tests.make import load_rows, make_row
from tests.serving import open_database

SCHEMA = ROOT / "docs" / "labor-card.schema.json"
NINE = {"KE": ("sw", 5), "FR": ("fr", 4)}


@pytest.fixture(scope="module")
def gathered(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with thirty-four people in four countries, of whom seven and four are in two."""
    path = tmp_path_factory.mktemp("gathered") / "labeler.db"
    shutil.copy(sqlite_template, path)
    stopped = StoppedClock()
    clock.use(stopped)
    database = Database(f"sqlite:///{path}")
    with database.writing() as session:
        gather(session, stopped)
        session.commit()
    database.close()
    clock.use(None)
    return path


@pytest.fixture
def crowd(session: Session, frozen: StoppedClock) -> Crowd:
    """The same people, on each back end in turn."""
    return gather(session, frozen)


Copied = tuple[Session, Crowd]


@pytest.fixture
def copied(gathered: Path, new_address: NewAddress, frozen: StoppedClock) -> Iterator[Copied]:
    """The same people, on SQLite, without their having to work again."""
    address = new_address("sqlite")
    shutil.copy(gathered, str(make_url(address).database))
    frozen.time = crowds.FRIDAY
    database = open_database(address)
    with database.writing() as session:
        yield session, crowds.found(session)
    database.close()


def nulls(card: LaborCard) -> dict[str, str]:
    return {null.path: null.reason for null in card.completeness.nulls}


def rows(table: Any, *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(row, field) for field in fields) for row in table]


@pytest.mark.both
def test_it_tells_who_worked_where_in_which_language_and_how_long(
    session: Session, crowd: Crowd
) -> None:
    told = card(session, crowd)
    found = told.workforce
    assert (found.annotators, found.in_release, found.size) == (34, 34, "34 people")
    assert rows(found.by_country, "country", "annotators", "judgments", "paid_hours") == [
        ("FR", 11, 11, 5.5),
        ("KE", 12, 12, 6.0),
        ("other", 11, 11, 5.5),
    ]
    assert rows(found.by_language, "tag", "annotators", "judgments") == [
        ("fr", 11, 11),
        ("sw", 12, 12),
        ("other", 11, 11),
    ]
    crossed = rows(found.by_country_and_language, "country", "tag", "annotators", "judgments")
    assert crossed == [("FR", "fr", 11, 11), ("KE", "sw", 12, 12), ("other", "other", 11, 11)]
    assert told.time.total_paid_hours == 17.0
    assert (told.time.paid_hours.annotation, told.time.paid_hours.break_) == (17.0, 0.0)
    assert told.time.seconds_per_judgment.p50 == 1800
    assert str(told.time.from_) == "2026-11-23"
    assert told.generated_at == crowds.FRIDAY
    text = labor_card.text(told)
    assert b'"UG"' not in text and b'"DE"' not in text
    assert labor_card.faults(text) == []


@pytest.mark.both
def test_it_tells_what_an_hour_came_to_beside_the_minimum_wage(
    session: Session, crowd: Crowd
) -> None:
    told = card(session, crowd)
    france, kenya, other = told.pay.by_country
    money = ("currency", "gross_minor", "topup_minor", "floor_hour_minor", "paid_hours")
    assert rows([france, kenya, other], *money) == [
        ("EUR", 11 * 750, 11 * 715, 1500, 5.5),  # 0.35, and half an hour is 7.50
        ("KES", 12 * 5000, 12 * 4400, 100_00, 6.0),
        ("EUR", 11 * 750, 11 * 715, None, 5.5),
    ]
    assert kenya.hourly_minor.p10 == kenya.hourly_minor.p90 == 100_00
    assert (kenya.statutory_ref, kenya.ratio_p10_statutory) == ("ke-nairobi-2024", 1.12)
    assert (france.statutory_ref, france.ratio_p10_statutory) == ("fr-smic-2026", 1.24)
    assert (kenya.nobody_below_statutory, kenya.below_statutory) == (True, 0)
    assert (other.statutory_ref, other.ratio_p10_statutory) == (None, None)
    assert "several countries" in nulls(told)["pay.by_country.2.statutory_ref"]
    assert [each.ref_id for each in told.references] == ["fr-smic-2026", "ke-nairobi-2024"]
    assert rows(told.pay.totals, "currency", "gross_minor") == [("EUR", 16500), ("KES", 60000)]
    assert told.pay.model == "per_item_with_floor"
    assert told.pay.chain_share.share is None


def test_of_nine_people_there_are_totals_and_no_breakdown(
    session: Session, frozen: StoppedClock
) -> None:
    nine = gather(session, frozen, NINE)
    told = card(session, nine)
    found = told.workforce
    assert (found.annotators, found.size) == (None, "fewer than 10 people")
    assert (found.by_country, found.by_language, found.by_country_and_language) == ((), (), ())
    assert (told.pay.by_country, told.pay.totals) == ((), ())  # two currencies would tell of two
    assert (found.judgments, told.time.total_paid_hours) == (9, 4.5)
    assert set(told.time.paid_hours.model_dump().values()) == {None}
    assert set(told.time.seconds_per_judgment.model_dump().values()) == {None}
    assert "10 people" in nulls(told)["workforce.annotators"]
    text = labor_card.text(told).decode() + labor_card.markdown(told)
    assert "Fewer than 10 people judged 9 tasks" in text
    for name in ("KE", "FR", "KES"):
        assert f'"{name}"' not in text and f"| {name} |" not in text
    assert labor_card.faults(labor_card.text(told)) == []


def test_nine_people_of_one_currency_have_a_sum_of_pay(
    session: Session, frozen: StoppedClock
) -> None:
    nine = gather(session, frozen, {"FR": ("fr", 9)})
    told = card(session, nine)
    assert rows(told.pay.totals, "currency", "gross_minor") == [("EUR", 9 * 750)]
    assert told.pay.by_country == ()


def test_where_one_has_most_of_the_hours_no_pay_is_told_of_an_hour(
    session: Session, frozen: StoppedClock
) -> None:
    ten = gather(session, frozen, {"FR": ("fr", 10)})
    frozen.time = crowds.FRIDAY - timedelta(days=7)
    work(session, frozen, ten.project, ten.workers["FR"][0], tasks=3, minutes=60)
    frozen.time = crowds.FRIDAY
    crowds.settle(session, ten.project)
    told = card(session, ten)
    [france] = told.pay.by_country
    assert (france.annotators, france.hourly_minor.p50) == (10, None)
    assert "40 %" in nulls(told)["pay.by_country.0.hourly_minor.p50"]
    assert france.gross_minor > 0


def change_everything(session: Session, frozen: StoppedClock, crowd: Crowd) -> None:
    """Do all that can be done, later."""
    cast, project, kenya = crowd.cast, crowd.project, crowd.workers["KE"]
    frozen.forward(hours=1)
    said = [work(session, frozen, project, person)[0] for person in kenya]
    new = crowds.join(session, cast, project, "FR", "fr", 99)
    work(session, frozen, project, new)
    day = crowds.FRIDAY - timedelta(days=2)
    added = {"started_at": day, "ended_at": day + timedelta(hours=1), "note": "I read."}
    missed.add(session, project.id, by=kenya[0], kind=Kind.instructions, **added)
    assignment = queue.claim(session, project, by=kenya[1])
    assert assignment is not None
    assignments.skip(session, assignment, SkipReason.broken)
    memberships.place(session, project.id, kenya[2], Placement(place="UG"), by=cast.olga)
    refusal = brakes.propose(session, said[3], ReasonCode.not_done, "It is empty.", by=cast.rex)
    refusals.appeal(session, refusal, "It is not.", by=kenya[3])
    dispute = disputes.open(session, project, About.pay, "It is too little.", by=kenya[4])
    disputes.answer(session, dispute, "It is.", Finding.upheld, amount_minor=5, by=cast.olga)
    mine = sa.select(Judgment).where(Judgment.person_id == kenya[7].id).order_by(Judgment.id)
    first = session.scalars(mine.limit(1)).one()
    decisions.exclude(session, first, "Fast.", by=cast.rex)
    projects.price(session, project, rates.read(KENYA_MORE), by=cast.olga)
    terms.publish(session, project.id, {"en": "Be kind."}, notice_days=30, by=cast.olga)
    representatives.name(session, kenya[5].email, "By vote.", by=cast.root)
    remarks.write(session, project.id, "We are well.", by=kenya[5])
    header = wages.shipped().splitlines()[0]
    higher = "ke-new,KE,,statutory,,20000,KES,month,12,2496,,gross,,2026-11-25,,2026-11-26,T,,press"
    wages.load(session, f"{header}\n{higher}\n", by=None)
    memberships.remove(session, project.id, kenya[6], by=cast.olga)
    frozen.forward(days=14)
    crowds.settle(session, project)
    session.flush()


KENYA_MORE = crowds.KENYA | {"model": "floor", "floor_per_hour": "200"}


@pytest.mark.both
def test_what_happens_after_the_mark_changes_nothing(
    session: Session, frozen: StoppedClock, crowd: Crowd
) -> None:
    mark = selection.glance(session, crowd.project.id)
    before = labor_card.text(card(session, crowd, mark))
    change_everything(session, frozen, crowd)
    assert labor_card.text(card(session, crowd, mark)) == before
    after = card(session, crowd)
    assert after.workforce.judgments == 34 + 13
    assert after.representation.worker_statement_md == "We are well."
    assert [version.version for version in after.conditions.terms] == ["1"]


def test_both_databases_make_the_same_bytes(new_address: NewAddress, frozen: StoppedClock) -> None:
    written = []
    began = frozen.time
    for backend in ("sqlite", "postgresql"):
        frozen.time = began
        database = open_database(new_address(backend))
        with database.writing() as session:
            crowd = gather(session, frozen)
            change_everything(session, frozen, crowd)
            told = card(session, crowd)
            written.append((labor_card.text(told), labor_card.markdown(told)))
        database.close()
    assert written[0] == written[1]


def test_what_few_people_changed_since_a_release_stays_as_it_was_published(
    frozen: StoppedClock, copied: Copied
) -> None:
    session, crowd = copied
    first = card(session, crowd)
    published = [completing.dump(first)]
    for person in crowd.workers["KE"][:2]:
        work(session, frozen, crowd.project, person)
    frozen.forward(hours=1)
    second = card(session, crowd, published=published)
    assert second.workforce.judgments == first.workforce.judgments  # two people did two more
    assert second.workforce.by_country[1] == first.workforce.by_country[1]
    assert second.time.total_paid_hours == first.time.total_paid_hours
    assert second.time.paid_hours == first.time.paid_hours
    assert second.pay.totals == first.pay.totals
    assert "workforce.judgments" in {kept.path for kept in second.privacy.kept}
    assert labor_card.faults(labor_card.text(second)) == []

    published.append(completing.dump(second))
    for person in (*crowd.workers["KE"], *crowd.workers["FR"][:2]):
        work(session, frozen, crowd.project, person)
    frozen.forward(hours=1)
    third = card(session, crowd, published=published)
    assert third.workforce.judgments == 34 + 2 + 14  # fourteen people
    named = {row.country: row for row in third.workforce.by_country}
    # Two are new in France, so France stays; and so does Kenya, or France would be the rest.
    assert named["FR"] == second.workforce.by_country[0]
    assert named["KE"] == first.workforce.by_country[1]
    assert (named["FR"].judgments, named["KE"].judgments) == (11, 12)
    assert named["other"].as_of == third.generated_at
    assert labor_card.faults(labor_card.text(third)) == []

    published.append(completing.dump(third))
    for person in crowd.workers["FR"]:
        work(session, frozen, crowd.project, person)
    frozen.forward(hours=1)
    fourth = card(session, crowd, published=published)
    assert rows(fourth.workforce.by_country, "country", "judgments") == [
        ("FR", 11 + 2 + 11),
        ("KE", 12 + 2 + 12),
        ("other", 11),
    ]
    assert {row.as_of for row in fourth.workforce.by_country} == {fourth.generated_at}
    # Languages by country are told where nothing stays, or not at all.
    cells = [each.workforce.by_country_and_language for each in (first, second, third, fourth)]
    assert [len(each) for each in cells] == [3, 0, 0, 3]


def test_with_a_higher_k_nothing_smaller_stays_and_cards_of_later_do_not_count(
    frozen: StoppedClock, copied: Copied
) -> None:
    session, crowd = copied
    mark = selection.glance(session, crowd.project.id)
    first = card(session, crowd, mark)
    for person in crowd.workers["KE"][:2]:
        work(session, frozen, crowd.project, person)
    frozen.forward(hours=1)
    published = [completing.dump(first)]
    strict = card(session, crowd, published=published, declared=Declared(k=12))
    assert (strict.workforce.annotators, strict.workforce.by_country) == (34, ())
    assert "workforce.by_country" in strict.privacy.suppressed_paths
    assert labor_card.faults(labor_card.text(strict)) == []
    later = [completing.dump(card(session, crowd))]
    again = card(session, crowd, mark, published=[*published, *later])
    assert labor_card.text(again) == labor_card.text(first)


def test_a_project_that_grows_a_little_is_not_broken_down_at_once(
    session: Session, frozen: StoppedClock
) -> None:
    crowd = gather(session, frozen, {"FR": ("fr", 5), "KE": ("fr", 4)})
    published = [completing.dump(card(session, crowd))]
    for n in range(20, 23):
        new = crowds.join(session, crowd.cast, crowd.project, "FR", "fr", n)
        work(session, frozen, crowd.project, new)
    frozen.forward(hours=1)
    told = card(session, crowd, published=published)
    assert told.workforce.by_language == ()  # the twelve less the nine are three
    assert told.workforce.judgments == 9
    assert [row.judgments for row in card(session, crowd).workforce.by_language] == [12]
    assert labor_card.faults(labor_card.text(told)) == []


def test_a_country_that_was_too_small_is_told_once_it_tells_nothing_of_those_who_were_there(
    frozen: StoppedClock, copied: Copied
) -> None:
    session, crowd = copied
    published = [completing.dump(card(session, crowd))]
    for place, tag, number in (("DE", "de", 3), ("UG", "en", 6)):  # now each is of ten people
        for n in range(number):
            new = crowds.join(session, crowd.cast, crowd.project, place, tag, 50 + n)
            work(session, frozen, crowd.project, new)
    frozen.forward(hours=1)
    told = card(session, crowd, published=published)
    # With what was told of the others before, the new rows would tell of nine people.
    assert [row.country for row in told.workforce.by_country] == ["FR", "KE", "other"]
    assert told.workforce.by_country[2].judgments == 11
    assert "workforce.by_country.DE" not in told.privacy.suppressed_paths
    assert [row.country for row in card(session, crowd).workforce.by_country] == [
        *("DE", "FR", "KE", "UG"),
    ]


@pytest.mark.both
def test_what_people_did_is_counted_where_enough_did_it(
    session: Session, frozen: StoppedClock, crowd: Crowd
) -> None:
    cast, project = crowd.cast, crowd.project
    for person in crowd.workers["KE"]:
        assignment = queue.claim(session, project, by=person)
        assert assignment is not None
        assignments.skip(session, assignment, SkipReason.distressing)
        disputes.open(session, project, About.pay, "It is too little.", by=person)
    for dispute in disputes.open_in(session, project.id)[:3]:
        frozen.forward(days=1)
        disputes.answer(session, dispute, "It is not.", Finding.stands, by=cast.olga)
    told = card(session, crowd)
    assert (told.conditions.skips.n, told.conditions.skips.penalised) == (12, 0)
    assert told.representation.complaints.n == 12
    assert told.representation.complaints.closed is None  # of three, and of nine it is not so
    assert told.pay.rejections.rejected == 0
    assert (told.workforce.reviewers, told.management.reviews.n) == (0, 12)
    refused = brakes.propose(
        session,
        work(session, frozen, project, crowd.workers["FR"][0])[0],
        ReasonCode.not_done,
        "It is empty.",
        by=cast.rex,
    )
    assert refused.notified_at is not None
    told = card(session, crowd)
    assert told.pay.rejections.rejected is None
    assert "pay.rejections.rejected" in told.privacy.suppressed_paths


@pytest.mark.both
def test_what_is_hard_to_read_is_told_by_kind(
    session: Session, frozen: StoppedClock, crowd: Crowd
) -> None:
    told = card(session, crowd)
    assert told.conditions.content == ()
    assert (told.conditions.caps.day_min, told.conditions.caps.run_min) == (60, 30)
    assert told.conditions.cap_breaches == 0
    content = [make_row(900, language="sw", sensitive="hate:1 violence:3")]
    load_rows(session, crowd.project, content, by=crowd.cast.olga)
    for person in crowd.workers["KE"]:
        chosen = Choice(violence=3, hate=1, is_adult=True)
        opt_ins.choose(session, chosen, by=person)
        work(session, frozen, crowd.project, person, tasks=4)
    frozen.forward(hours=1)
    told = card(session, crowd)
    fields = ("category", "level", "items", "exposure_hours", "people", "opted_in")
    assert rows(told.conditions.content, *fields) == [
        ("hate", 1, 1, None, 12, 12),
        ("violence", 3, 1, 6.0, 12, 12),
    ]
    assert "described or graphic" in nulls(told)["conditions.content.0.exposure_hours"]
    assert labor_card.faults(labor_card.text(told)) == []


@pytest.mark.both
def test_it_tells_how_long_people_wait_for_their_money(
    session: Session, frozen: StoppedClock, crowd: Crowd
) -> None:
    frozen.forward(days=4)
    assert card(session, crowd).pay.timeliness.p95 is None
    list(earnings.approve_due(session, crowd.project.id))
    for person in crowd.workers["FR"]:
        send(session, crowd, person)
    told = card(session, crowd).pay.timeliness
    # Earned on 23 November, and the top-up of that week on 4 December; paid on the 8th.
    assert (told.days_to_payment_p50, told.p95) == (4, 15)
    assert (told.late, told.failed_open) == (None, 0)


def send(session: Session, crowd: Crowd, person: Person) -> None:
    """Pay somebody all that is due to them."""
    ways = (
        (TransferKind.payout, AccountKind.earned_approved, AccountKind.payout_in_flight),
        (TransferKind.paid, AccountKind.payout_in_flight, AccountKind.paid),
    )
    [due] = ledger.standing(session, person_id=person.id).values()
    for kind, giver, taker in ways:
        ledger.move(
            session,
            project_id=crowd.project.id,
            currency="EUR",
            giver=Place(giver, person.id),
            taker=Place(taker, person.id),
            amount_minor=due[AccountKind.earned_approved],
            kind=kind,
            source=f"test:{person.id}",
        )


def test_models_are_told_with_what_the_data_say_of_them(copied: Copied) -> None:
    session, crowd = copied
    told = card(session, crowd)
    x, y = told.models
    assert (x.name, x.licence, x.output_use, x.self_hosted) == (
        "model-x",
        "Apache-2.0",
        "unrestricted",
        True,
    )
    assert (y.name, y.licence, y.output_use, y.self_hosted) == ("model-y", None, "unknown", None)
    assert x.responses == y.responses > 0
    assert "models.1.licence" in nulls(told)


DECLARED = """
legal_basis = "Art. 6(1)(b) GDPR"
agreement = "Works agreement of 2026-03-01"
incidents = 0
k = 12

[operator]
legal_name = "Labelling *Society*"
country = "fr"
gdpr_role = "controller"
hosting = {self_hosted = true, country = "FR"}

[[labor_chain]]
tier = 0
role = "operator"
legal_name = "Labelling Society"

[[engagement]]
type = "employee"
n = 22

[[engagement]]
type = "student"
n = 3

[qualification.sw]
method = "test"
min_level = "CEFR C1"

[price]
minor = 100000
currency = "EUR"
"""


def test_what_is_declared_stands_as_such_and_small_groups_of_it_do_not(
    session: Session, frozen: StoppedClock
) -> None:
    crowd = gather(session, frozen, {"FR": ("fr", 13), "DE": ("sw", 12)})
    said = declared.read(DECLARED)
    told = card(session, crowd, declared=said)
    assert (told.operator.basis, told.operator.country) == ("declared", "FR")
    assert told.operator.contact is None and nulls(told)["operator.contact"] == "not declared"
    assert [each.n for each in told.workforce.engagement] == [22, None]
    assert told.privacy.k == 12
    swahili = {row.tag: row.qualification for row in told.workforce.by_language}["sw"]
    assert (swahili.method, swahili.min_level) == ("test", "CEFR C1")
    assert told.pay.chain_share.to_workers_minor == told.pay.totals[0].gross_minor
    assert told.pay.chain_share.share == told.pay.totals[0].gross_minor * 100 // 100000 / 100
    assert "for Labelling \\*Society\\*" in labor_card.markdown(told)


def test_what_is_declared_wrongly_is_named() -> None:
    with pytest.raises(Invalid) as refusal:
        declared.read('k = 3\n[operator]\ncountry = "ZZ"\nname = "x"')
    assert set(refusal.value.fields) == {"k", "operator.country", "operator.name"}
    with pytest.raises(Invalid):
        declared.read("k =")


def test_without_a_card_that_fits_together_there_is_none(copied: Copied) -> None:
    session, crowd = copied
    stranger = crowd.cast.mallory.id
    with pytest.raises(Invalid) as refusal:
        card(session, crowd, people={*crowd.everybody, stranger}, dataset=facts(judgments=10_000))
    assert set(refusal.value.fields) == {"people", "judgments"}
    with pytest.raises(Invalid) as refusal:
        card(session, crowd, published=[{"labor_card_version": "1.0"}])
    assert "generated_at" in refusal.value.fields["published"]
    nothing = selection.Mark(0, crowds.FRIDAY)
    with pytest.raises(Invalid):
        card(session, crowd, nothing, people=(), dataset=facts(judgments=0))


def test_who_is_not_in_the_release_is_not_told_by_a_difference(copied: Copied) -> None:
    session, crowd = copied
    people = crowd.everybody
    assert card(session, crowd, people=people).workforce.in_release == 34
    assert card(session, crowd, people=sorted(people)[:32]).workforce.in_release is None
    assert card(session, crowd, people=sorted(people)[:24]).workforce.in_release == 24


TAMPERINGS: dict[str, tuple[tuple[Any, ...], Any]] = {
    "workforce.by_country: judgments add up": (("workforce", "by_country", 0, "judgments"), 34),
    "workforce.by_country: annotators add up": (("workforce", "annotators"), 35),
    "tells of 9 people, fewer than 10": (("workforce", "by_country", 0, "annotators"), 9),
    "the hours are": (("workforce", "by_country", 1, "paid_hours"), 60.0),
    "the kinds are": (("time", "paid_hours", "training"), 1.0),
    "an hour's pay is not": (("pay", "by_country", 0, "ratio_p10_statutory"), 2.0),
    "is not among the references": (("pay", "by_country", 0, "statutory_ref"), "fr-smic-1999"),
    "a lower percentile": (("pay", "by_country", 0, "hourly_minor", "p50"), 1),
    "EUR is less than": (("pay", "totals", 0, "gross_minor"), 1),
    "upheld is more than": (("pay", "rejections", "upheld"), 1),
    "is null without a reason": (("time", "days_over_8h"), None),
    "has a reason for being null and is not": (("operator", "contact"), "x@example.org"),
    "completeness counts other numbers": (("completeness", "measured"), 1),
    "dataset.judgments is more": (("dataset", "judgments"), 10_000),
    "privacy.k": (("privacy", "k"), 3),
    "conditions.caps": (("conditions", "caps", "day_min"), -1),
}


@pytest.fixture(scope="module")
def sound(gathered: Path) -> bytes:
    """A card as it is written."""
    stopped = StoppedClock()
    stopped.time = crowds.FRIDAY
    clock.use(stopped)
    database = Database(f"sqlite:///{gathered}")
    with database.reading() as session:
        text = labor_card.text(card(session, crowds.found(session)))
    database.close()
    clock.use(None)
    return text


@pytest.mark.parametrize("fault", TAMPERINGS)
def test_a_number_that_was_changed_is_named(sound: bytes, fault: str) -> None:
    assert labor_card.faults(sound) == []
    path, value = TAMPERINGS[fault]
    told = json.loads(sound)
    place = told
    for part in path[:-1]:
        place = place[part]
    assert place[path[-1]] != value
    place[path[-1]] = value
    assert any(fault in each for each in labor_card.faults(json.dumps(told)))


def test_a_key_that_is_missing_or_unknown_is_named(sound: bytes) -> None:
    told = json.loads(sound)
    del told["time"]["night_hours"]
    told["pay"]["tips"] = 3
    found = labor_card.faults(json.dumps(told))
    assert any("time.night_hours" in each for each in found)
    assert any("pay.tips" in each for each in found)
    assert labor_card.faults(b"{") != [] and labor_card.faults(b"[]") != []


def test_every_null_has_a_reason_and_every_block_says_on_what_it_rests(sound: bytes) -> None:
    told = json.loads(sound)
    reasons = {null["path"]: null["reason"] for null in told["completeness"]["nulls"]}
    leaves = list(completing.leaves(told))
    assert reasons.keys() == {leaf.path for leaf in leaves if leaf.value is None}
    without = {leaf.path.split(".")[0] for leaf in leaves if leaf.basis is None}
    assert without == {"labor_card_version", "generated_at", "export_id", "signature"}
    counted = told["completeness"]
    assert counted["measured"] == sum(
        leaf.basis == "measured" and leaf.value is not None for leaf in leaves
    )
    assert counted["null"] == len(reasons) > 0


def test_files_and_the_key_are_filled_in_at_the_end(copied: Copied) -> None:
    session, crowd = copied
    told = card(session, crowd)
    assert nulls(told)["signature.keyid"] == "The release is not signed."
    file = {"path": "dpo/train.parquet", "sha256": "0" * 64, "records": 3}
    done = labor_card.sealed(told, [labor_card.File(**file)], "ab12")
    assert "signature.keyid" not in nulls(done)
    assert done.dataset.files[0].records == 3
    assert labor_card.faults(labor_card.text(done)) == []


def test_people_read_five_sentences_then_tables_then_what_is_not_known(copied: Copied) -> None:
    session, crowd = copied
    cast, project = crowd.cast, crowd.project
    representatives.name(session, "ke0@example.org", "By vote.", by=cast.root)
    remarks.write(session, project.id, "# Pay *late*\n<b>", by=crowd.workers["KE"][0])
    text = labor_card.markdown(card(session, crowd))
    lines = [line for line in text.splitlines() if line]
    assert [line.partition("**")[2].partition("?")[0] for line in lines[1:6]] == [
        "Who",
        "Where",
        "Which languages",
        "Under which conditions",
        "How paid",
    ]
    assert "34 people judged 34 tasks." in lines[1]
    assert "FR (11), KE (12) and other countries (11)" in lines[2]
    assert "100.00 KES in KE (nobody below the minimum wage)" in lines[5]
    headings = [line for line in lines if line.startswith("## ")]
    assert headings[-1] == "## What we do not know"
    assert "> \\# Pay \\*late\\*" in text and "<b>" not in text
    assert "| KE | KES | 12 | 6.00 | 600.00 KES |" in text
    assert "\n\n\n" not in text


def test_the_committed_schema_is_the_present_one() -> None:
    assert SCHEMA.read_text("utf-8") == labor_card.schema(), (
        "run: python -m exports.cards > docs/labor-card.schema.json"
    )


def test_the_documentation_names_every_block() -> None:
    text = (ROOT / "docs" / "labor-card.md").read_text("utf-8")
    missing = [name for name in LaborCard.model_fields if f"`{name}`" not in text]
    assert missing == []


def test_the_documentation_shows_a_declaration_that_is_read() -> None:
    text = (ROOT / "docs" / "labor-card.md").read_text("utf-8")
    [shown] = [each.partition("```")[0] for each in text.split("```toml\n")[1:]]
    said = declared.read(shown)
    unsaid = [name for name in Declared.model_fields if getattr(said, name) in (None, (), {})]
    assert unsaid == []


def test_nothing_is_declared_unless_somebody_says_it() -> None:
    assert declared.read("") == Declared()


@pytest.mark.parametrize("number", [4, 12])
def test_what_was_paid_elsewhere_is_not_known_here(
    copied: Copied, tmp_path: Path, number: int
) -> None:
    """Of enough people whose judgments were brought here, that they were; of a few only that."""
    session, crowd = copied
    here = card(session, crowd)
    assert here.pay.elsewhere_minor == 0
    said = [released.judged(f"{n:012x}", 0) for n in range(number)]
    folder = released.write(tmp_path / "r", [released.compared(1, *said)], [])
    loading.load(session, crowd.project, folder, by=crowd.cast.olga)
    told = card(session, crowd)
    why = nulls(told)
    assert told.pay.elsewhere_minor is None and "made elsewhere" in why["pay.elsewhere_minor"]
    assert (
        rows(told.pay.by_country, "country", "gross_minor", "hourly_minor")[:2]
        == rows(here.pay.by_country, "country", "gross_minor", "hourly_minor")[:2]
    )
    found = rows(told.workforce.by_country, "country", "annotators", "paid_hours")
    if number == 12:
        assert ("elsewhere", 12, None) in found
        at = found.index(("elsewhere", 12, None))
        assert why[f"workforce.by_country.{at}.paid_hours"] == why["pay.elsewhere_minor"]
        assert "elsewhere" not in {row.country for row in told.pay.by_country}
        assert "12 judged elsewhere." in labor_card.markdown(told)
    else:
        assert found[-1] == ("other", 15, 5.5)  # with the smaller countries, of whom 11 are
    assert "What was paid for them is not known here." in labor_card.markdown(told)
    assert labor_card.faults(labor_card.text(told)) == []
