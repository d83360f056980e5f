"""Batches: a file is loaded whole or not at all, once, and nobody sees half of it."""

import json
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.database import Database
from labeler.errors import Conflict, Invalid
from labeler.work import batches, comparisons, queue
from labeler.work.batches import CHUNK, Batch, BatchState
from labeler.work.comparisons import Comparison, Prompt, Response
from labeler.work.gold import Gold
from labeler.work.layouts import Message, Refused, Row
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.make import load_rows, make_project, make_row

BAD = Refused(7, "responses.1.text", "The text is empty.")


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    return make_project(session, cast)


def load(
    session: Session,
    project: Project,
    rows: Iterable[Row | Refused],
    cast: Cast,
    *,
    digest: str = "d1",
    skip_bad: bool = False,
) -> batches.Progress:
    loading = batches.load(
        session, project, rows, name="pairs.jsonl", digest=digest, by=cast.olga, skip_bad=skip_bad
    )
    *_, progress = loading
    session.flush()
    return progress


def counts(session: Session) -> dict[str, int]:
    """Count the rows of every table that a load writes into."""
    tables = (Batch, Comparison, Prompt, Response, Gold)
    return {
        each.__tablename__: session.scalar(sa.select(sa.func.count()).select_from(each)) or 0
        for each in tables
    }


NOTHING = {"batches": 0, "comparisons": 0, "prompts": 0, "responses": 0, "golds": 0}


def test_rows_become_comparisons(session: Session, cast: Cast, project: Project) -> None:
    rows = [make_row(1, metadata={"source": "here"}), make_row(2, gold=1, language="fr")]
    progress = load(session, project, rows, cast)
    session.expire_all()
    assert (progress.batch.state, progress.batch.comparisons) == (BatchState.ready, 2)
    first, second = comparisons.page(session, project.id)
    assert (first.external_id, first.language, first.details) == (
        "pair-1",
        "en",
        {"source": "here"},
    )
    assert (first.is_gold, first.wanted, first.open_slots, first.judged) == (False, 2, 2, 0)
    assert (second.is_gold, second.language) == (True, "fr")
    gold = session.get_one(Gold, second.id)
    assert (gold.better, gold.why, gold.created_by) == (1, "Count it.", cast.olga.id)


def test_every_response_stands_with_its_prompt_over_many_chunks(
    session: Session, cast: Cast, project: Project
) -> None:
    load(session, project, [make_row(n) for n in range(2 * CHUNK + 10)], cast)
    texts = session.execute(
        sa.select(Comparison.external_id, Prompt.messages, Response.number, Response.text)
        .join(Prompt, Prompt.id == Comparison.prompt_id)
        .join(Response, Response.comparison_id == Comparison.id)
    ).all()
    assert len(texts) == 2 * (2 * CHUNK + 10)
    for external_id, messages, number, text in texts:
        n = int(external_id.removeprefix("pair-"))
        assert messages == [{"role": "user", "content": f"What is {n} plus one?"}]
        assert text == (f"It is {n + 1}.", f"It is {n}.")[number]


def test_a_prompt_is_stored_once(session: Session, cast: Cast, project: Project) -> None:
    same = (Message(role="user", content="Why?"),)
    other = (Message(role="system", content="Why?"), Message(role="user", content="Why?"))
    rows = [make_row(1, messages=same), make_row(2, messages=same), make_row(3, messages=other)]
    load(session, project, rows, cast)
    load(session, project, [make_row(4, messages=same)], cast, digest="d2")
    assert counts(session)["prompts"] == 2


# All or nothing


def test_one_bad_row_and_nothing_is_loaded(session: Session, cast: Cast, project: Project) -> None:
    rows = [make_row(1), make_row(2, gold=0), BAD, make_row(3), Refused(9, "id", "Missing.")]
    with pytest.raises(Invalid) as refusal:
        load(session, project, rows, cast)
    assert refusal.value.message == (
        "2 rows cannot be loaded, so nothing was. The first is line 7: The text is empty."
    )
    assert refusal.value.fields == {
        "line 7, responses.1.text": "The text is empty.",
        "line 9, id": "Missing.",
    }
    assert counts(session) == NOTHING


def test_a_bad_row_far_down_undoes_the_chunks_before_it(
    session: Session, cast: Cast, project: Project
) -> None:
    rows = [*(make_row(n) for n in range(CHUNK + 5)), BAD]
    with pytest.raises(Invalid, match="line 7"):
        load(session, project, rows, cast)
    assert counts(session) == NOTHING


def test_prompts_that_others_use_stay_when_a_load_is_undone(
    session: Session, cast: Cast, project: Project
) -> None:
    same = (Message(role="user", content="Why?"),)
    load(session, project, [make_row(1, messages=same)], cast)
    with pytest.raises(Invalid):
        load(session, project, [make_row(2, messages=same), make_row(3), BAD], cast, digest="d2")
    assert counts(session) | {"responses": 0} == {
        **NOTHING,
        "batches": 1,
        "comparisons": 1,
        "prompts": 1,
    }


def test_a_file_that_breaks_off_leaves_nothing(
    session: Session, cast: Cast, project: Project
) -> None:
    def rows() -> Iterator[Row]:
        yield from (make_row(n) for n in range(CHUNK + 5))
        raise Invalid("The file breaks off in the middle.")

    with pytest.raises(Invalid, match="breaks off"):
        load(session, project, rows(), cast)
    assert counts(session) == NOTHING


@pytest.mark.parametrize("rows", [[], [BAD]])
def test_a_file_of_nothing_is_refused_even_without_its_bad_rows(
    session: Session, cast: Cast, project: Project, rows: list[Refused]
) -> None:
    with pytest.raises(Invalid):
        load(session, project, rows, cast, skip_bad=True)
    assert counts(session) == NOTHING


def test_the_good_rows_are_loaded_where_one_asks_for_it(
    session: Session, cast: Cast, project: Project
) -> None:
    progress = load(session, project, [make_row(1), BAD, make_row(2)], cast, skip_bad=True)
    assert (progress.loaded, progress.refused) == (2, [BAD])
    assert (progress.batch.comparisons, progress.batch.refused) == (2, 1)


# Twice


def test_an_id_is_taken_once_in_a_project(session: Session, cast: Cast, project: Project) -> None:
    twice = [make_row(1), make_row(2), make_row(1, line=3)]
    with pytest.raises(Invalid) as refusal:
        load(session, project, twice, cast)
    told = "The id pair-1 is in line 1 of this file already."
    assert refusal.value.fields == {"line 3, id": told}
    load(session, project, [make_row(1)], cast)
    progress = load(session, project, [make_row(1), make_row(5)], cast, digest="d2", skip_bad=True)
    told = "The id pair-1 is in the project already, from another file."
    assert progress.refused == [Refused(1, "id", told)]
    assert progress.loaded == 1
    other = make_project(session, cast, slug="other")
    assert load(session, other, [make_row(1)], cast).loaded == 1


def test_an_id_that_is_far_up_in_the_file(session: Session, cast: Cast, project: Project) -> None:
    rows = [*(make_row(number) for number in range(CHUNK + 1)), make_row(0, line=CHUNK + 1)]
    progress = load(session, project, rows, cast, skip_bad=True)
    told = "The id pair-0 is further up in this file already."
    assert progress.refused == [Refused(CHUNK + 1, "id", told)]


@pytest.mark.parametrize(
    ("spoken", "said", "found"),
    [(["sw"], None, "sw"), (["sw"], "fr", "fr"), (["sw", "en"], None, "und")],
)
def test_rows_that_name_no_language(
    session: Session, cast: Cast, tmp_path: Path, spoken: list[str], said: str | None, found: str
) -> None:
    project = make_project(session, cast, slug="spoken", languages=spoken)
    begin = "\n\nHuman: Habari?\n\nAssistant: "
    row = {"chosen": f"{begin}Nzuri sana.", "rejected": f"{begin}Hapana."}
    path = tmp_path / "hh.jsonl"
    path.write_text(json.dumps(row))
    list(batches.load_file(session, project, path, name="hh.jsonl", by=cast.olga, language=said))
    session.flush()
    assert session.scalars(sa.select(Comparison.language)).all() == [found]


def test_the_same_file_again_says_so_and_loads_nothing(
    session: Session, cast: Cast, project: Project
) -> None:
    load(session, project, [make_row(1)], cast)
    before = counts(session)
    with pytest.raises(Conflict, match=r"loaded before, as pairs\.jsonl"):
        load(session, project, [make_row(2)], cast)
    assert counts(session) == before


# On the way


def test_nobody_is_given_anything_of_a_batch_that_is_not_whole(
    session: Session, cast: Cast, project: Project
) -> None:
    loading = batches.load(
        session,
        project,
        [make_row(n) for n in range(CHUNK + 5)],
        name="pairs",
        digest="d1",
        by=cast.olga,
    )
    for progress in loading:
        if progress.batch.state is BatchState.loading:
            assert queue.claim(session, project, by=cast.ada) is None
    assert queue.claim(session, project, by=cast.ada) is not None


def test_a_load_that_was_cut_off_is_begun_anew(database: Database) -> None:
    rows = [make_row(n) for n in range(CHUNK + 5)]
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        loading = batches.load(session, project, rows, name="pairs", digest="d1", by=cast.olga)
        next(loading)
        next(loading)
        session.commit()  # one chunk is in; here the program is killed
    with database.writing() as session:
        assert counts(session)["comparisons"] == CHUNK
        assert load(session, project, rows, cast).loaded == CHUNK + 5
        assert counts(session) == {**NOTHING, "batches": 1} | {
            "comparisons": CHUNK + 5,
            "prompts": CHUNK + 5,
            "responses": 2 * (CHUNK + 5),
        }
        session.commit()


def test_a_batch_in_use_is_not_discarded(session: Session, cast: Cast, project: Project) -> None:
    batch = load_rows(session, project, [make_row(1)], by=cast.olga)
    with pytest.raises(Conflict, match="in use"):
        list(batches.discard(session, batch))


def test_a_second_attempt_takes_over_from_the_first(database: Database) -> None:
    rows = [make_row(n) for n in range(2 * CHUNK)]
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        session.commit()
        first = batches.load(session, project, rows, name="one", digest="d1", by=cast.olga)
        for _ in range(2):
            next(first)
            session.commit()
    with database.writing() as other:
        assert load(other, project, rows, cast).loaded == 2 * CHUNK
        other.commit()
    with database.writing(), pytest.raises(Conflict, match="taken over"):
        next(first)
    session.close()
    with database.reading() as session:
        assert counts(session)["comparisons"] == 2 * CHUNK
        assert session.scalars(sa.select(Batch.state)).all() == [BatchState.ready]


def test_a_discard_that_was_cut_off_is_taken_up_again(database: Database) -> None:
    rows: list[Row | Refused] = [make_row(n) for n in range(2 * CHUNK + 5)]
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        loading = batches.load(
            session, project, [*rows, BAD], name="pairs", digest="d1", by=cast.olga
        )
        for _ in range(5):  # it is open, three chunks are in, the first is out again
            next(loading)
        session.commit()
        left = {**NOTHING, "batches": 1, "comparisons": CHUNK + 5, "prompts": CHUNK + 5}
        assert counts(session) == left | {"responses": 2 * (CHUNK + 5)}
    with database.writing() as session:
        assert load(session, project, rows, cast).loaded == 2 * CHUNK + 5
        assert counts(session)["comparisons"] == 2 * CHUNK + 5


def test_to_undo_a_load_looks_up_prompts_by_index(session: Session) -> None:
    found = sa.inspect(session.connection()).get_indexes("comparisons")
    assert {"prompt_id", "batch_id"} <= {index["column_names"][0] for index in found}


@pytest.mark.parametrize("digests", [("d1", "d2"), ("d1", "d1")])
def test_two_loads_at_once_into_one_project(
    database: Database, digests: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both store the same prompts, and one of them takes its own back."""
    shared = [Message(role="user", content=f"Why {n}?") for n in range(40)]

    def rows(side: str, round_: int) -> Iterator[Row | Refused]:
        for n, message in enumerate(shared):
            yield make_row(n, id=f"{side}-{round_}-{n}", messages=(message,))
        if side == "a":
            yield BAD

    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        session.commit()

    def load_all(side: str, digest: str) -> list[str]:
        said = []
        for round_ in range(10):
            both.wait(20)
            try:
                with database.writing() as session:
                    for _ in batches.load(
                        session,
                        project,
                        rows(side, round_),
                        name=side,
                        digest=f"{digest}-{round_}",
                        by=cast.olga,
                    ):
                        session.commit()
                said.append("loaded")
            except (Conflict, Invalid) as refusal:
                said.append(refusal.code)
        return said

    both = threading.Barrier(2)
    monkeypatch.setattr(batches, "CHUNK", 7)
    with ThreadPoolExecutor(2) as pool:
        bad, good = pool.map(load_all, "ab", digests)
    assert set(bad) <= {"invalid", "conflict"}
    assert set(good) <= ({"loaded"} if digests[0] != digests[1] else {"loaded", "conflict"})
    with database.reading() as session:
        loaded = good.count("loaded")
        assert counts(session) == NOTHING | {
            "batches": loaded,
            "comparisons": loaded * 40,
            "prompts": 40 if loaded else 0,
            "responses": loaded * 80,
        }
        assert list(audit.faults(session)) == []


def test_batches_are_listed_newest_first(session: Session, cast: Cast, project: Project) -> None:
    made = [load_rows(session, project, [make_row(n)], by=cast.olga) for n in range(3)]
    assert batches.of_project(session, project.id) == made[::-1]
    assert batches.ready_ids(session, project.id) == [batch.id for batch in made]
