"""Batches that are drawn from endpoints: from prompts to comparisons, on both databases."""

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import jobs
from labeler.cli import installation
from labeler.database import Database
from labeler.endpoints import registry
from labeler.endpoints.calls import Call, CallState
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import Fault
from labeler.endpoints.taking import Taken
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.generation import beginning, finishing, generations, planning, prompts, wishes
from labeler.generation.generations import Generation, GenerationState
from labeler.generation.screening import Reason
from labeler.jobs import JobState
from labeler.work import batches, projects
from labeler.work.batches import Batch, BatchState
from labeler.work.comparisons import Comparison, Prompt, Response
from labeler.work.drafts import ModelsFrom
from labeler.work.rows import ResponseIn
from tests.cast import Cast
from tests.exports.stories import judge_all
from tests.labeler.generation import drawing
from tests.labeler.generation.drawing import BROKEN, line, reply, write
from tests.make import load_rows, make_project, make_row

STATES = GenerationState
RANKED = {"questions": [{"kind": "ranking"}]}


class Killed(BaseException):
    """What ends a program in the middle."""


class Story:
    """Olga's project, with endpoints a and b, and a file of three prompts."""

    def __init__(self, database: Database, session: Session, cast: Cast, folder: Path) -> None:
        self.database, self.session, self.cast, self.folder = database, session, cast, folder
        self.project = make_project(session, cast)
        for name in "ab":
            drawing.make_endpoint(session, name, cast.root)
        self.file = write(folder, [line(number) for number in range(3)])
        session.commit()

    def begin(self, **wish: Any) -> Generation:
        made = drawing.begin(self.session, self.project, self.file, self.cast.olga, **wish)
        self.session.commit()
        return made

    def answer(self, said: drawing.Said = drawing.plainly, most: int = 10_000) -> int:
        number = drawing.answer_all(self.session, said, most)
        self.session.commit()
        return number

    def work(self) -> list[dict[str, Any]]:
        self.session.rollback()  # whoever has only looked lets others write
        return drawing.work(self.database, self.folder)

    def do(self, job_id: int) -> dict[str, Any]:
        self.session.rollback()
        return drawing.do(self.database, self.folder, job_id)

    def course(self, generation: Generation) -> generations.Course:
        return drawing.course(self.database, generation.id)

    def compared(self) -> list[tuple[str, list[Response]]]:
        """Return the prompt of each comparison that is given out, and its answers."""
        ready = sa.select(Comparison).join(Batch).where(Batch.state == BatchState.ready)
        by_number = sa.select(Response).order_by(Response.number)
        with self.database.reading() as session:
            return [
                (
                    session.get_one(Prompt, each.prompt_id).messages[-1]["content"],
                    list(session.scalars(by_number.where(Response.comparison_id == each.id))),
                )
                for each in session.scalars(ready.order_by(Comparison.id)).all()
            ]


@pytest.fixture
def story(database: Database, session: Session, cast: Cast, tmp_path: Path) -> Story:
    return Story(database, session, cast, tmp_path)


def test_from_prompts_to_a_batch(story: Story) -> None:
    rows = [line(0, metadata={"topic": "sums"}), line(1, language="sw", prompt="Moja na moja?")]
    story.file = write(story.folder, rows)
    generation = story.begin()
    assert generation.state is STATES.running
    assert story.work() == []  # its calls are yet to be made
    assert story.answer() == 4
    [outcome] = story.work()
    assert outcome == {"comparisons": 2, "kept_out": {}, "missing": 0, "prompts_without": 0}
    session = story.session
    batch = session.get_one(Batch, story.course(generation).generation.batch_id)
    assert (batch.name, batch.comparisons) == ("prompts.jsonl", 2)
    comparisons = session.scalars(sa.select(Comparison).order_by(Comparison.id)).all()
    assert [each.language for each in comparisons] == ["en", "sw"]
    about = {"number": generation.id, "prompt": "p0"}
    assert comparisons[0].details == {"generation": about, "topic": "sums"}
    for asked, answers in story.compared():
        assert [answer.model for answer in answers] == ["model-a", "model-b"]
        assert [answer.text[0] for answer in answers] == ["A", "B"]
        assert all(asked in answer.text for answer in answers)
        for name, answer in zip("ab", answers, strict=True):
            told = answer.provenance
            assert (told["endpoint"], told["model_requested"]) == (name, f"model-{name}")
            assert told["request_id"] == "r1" and told["output_use"] == "unknown"
    course = story.course(generation)
    assert (course.done, course.failed, course.open) == (4, 0, 0)
    assert course.generation.state is STATES.done
    assert story.work() == []


def test_the_same_again_is_the_same_generation(story: Story) -> None:
    first = story.begin()
    story.answer()
    assert story.begin().id == first.id
    story.work()
    assert story.begin().id == first.id
    assert story.begin(seed=7).id != first.id
    assert story.session.scalar(sa.select(sa.func.count(Call.id))) == 12


def test_a_plan_changes_nothing_and_says_what_would_be(story: Story) -> None:
    paid = {"price": {"currency": "USD", "input_per_million": "2", "output_per_million": "6"}}
    drawing.make_endpoint(story.session, "c", story.cast.root, **paid)
    drawing.make_endpoint(story.session, "d", story.cast.root, **drawing.priced("1"))
    wish = wishes.read({"endpoints": "a,b,c,d", "samples": 2, "pairs": "balanced"})
    plan = planning.plan(story.session, story.project, wish, prompts.look(story.file))
    assert (plan.prompts, plan.calls, plan.comparisons) == (3, 24, 3)
    assert plan.languages == {"en": 3}
    assert [each.currency for each in plan.estimates] == ["EUR", "USD"]
    assert all(0 < each.low_micro <= each.high_micro for each in plan.estimates)
    assert [each.calls for each in plan.estimates] == [6, 6]
    assert generations.of_project(story.session, story.project.id) == []
    assert story.session.scalar(sa.select(sa.func.count(Call.id))) == 0


def test_what_cannot_be_drawn(story: Story) -> None:
    for name, currency in (("c", "EUR"), ("d", "USD")):
        drawing.make_endpoint(story.session, name, story.cast.root, **drawing.priced("1", currency))
    story.session.commit()
    for wish, refusal, words in (
        ({"endpoints": "a,nowhere"}, NotFound, "nowhere"),
        ({"budget": "1"}, Invalid, "nothing to limit"),
        ({"endpoints": "c,d", "budget": "1"}, Invalid, "different currencies"),
        ({"pairs": "together", "samples": 2}, Invalid, "two answers at a time"),
        ({"pairs": "best_against_rest"}, Conflict, "nobody knows which is best"),
    ):
        with pytest.raises(refusal, match=words):
            story.begin(**wish)
        story.session.rollback()
    story.file = write(story.folder, [line(0, sensitive={"violence": 2})])
    with pytest.raises(Invalid, match="nobody to turn to"):
        story.begin()
    story.file = write(story.folder, [line(0), line(1, prompt="")])
    with pytest.raises(Invalid) as refused:
        story.begin()
    assert list(refused.value.fields) == ["line 2, prompt"]
    assert generations.of_project(story.session, story.project.id) == []


def test_the_project_s_rule_is_asked_at_the_beginning_and_for_each_call(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = {"base_url": "https://api.example.org/v1", "place": "elsewhere"}
    drawing.make_endpoint(story.session, "far", story.cast.root, **far)
    monkeypatch.setattr(beginning, "CHUNK_CALLS", 2)
    steps = _steps(story, endpoints="a,far")
    next(steps), next(steps), next(steps)  # begun, stored, one prompt asked for
    story.project.models_from = ModelsFrom.on_premises
    story.session.commit()
    with pytest.raises(Forbidden, match="far is not on your own machines"):
        next(steps)
    story.session.rollback()
    with pytest.raises(Forbidden, match="far is not on your own machines"):
        story.begin(endpoints="a,far", seed=1)
    story.session.rollback()
    story.answer()
    [generation] = generations.of_project(story.session, story.project.id)
    assert generations.progress(story.session, generation).counts[CallState.failed] == 1


def _steps(story: Story, **wish: Any) -> Any:
    given = wishes.read({"endpoints": "a,b"} | wish)
    source = prompts.look(story.file)
    by = story.cast.olga
    for step in beginning.begin(
        *(story.session, story.project, given, source, story.file), name="x", by=by
    ):
        story.session.commit()
        yield step


def test_killed_while_it_begins_it_goes_on(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning, "CHUNK_PROMPTS", 2)
    monkeypatch.setattr(beginning, "CHUNK_CALLS", 2)
    story.file = write(story.folder, [line(number) for number in range(5)])
    for most in range(1, 12):
        steps = _steps(story)
        generation = list(islice(steps, most))[-1]
        steps.close()  # as if it were killed after so many chunks
        if generation.state is not STATES.loading:
            break
    assert generation.state is STATES.asking
    assert story.work() == [{"asked": 10}]  # whoever does jobs asks for the rest
    keys = story.session.scalars(sa.select(Call.key)).all()
    assert sorted(keys) == sorted(
        f"generation:{generation.id}:{prompt}:{place}:0" for prompt in range(5) for place in (0, 1)
    )
    assert story.begin().state is STATES.running
    assert story.answer() == 10
    assert story.work()[0]["comparisons"] == 5


def test_what_is_kept_out_is_listed_with_the_reason(story: Story) -> None:
    story.file = write(story.folder, [line(number) for number in range(6)])
    said = {
        ("a", 0): reply("Cut off", "length"),
        ("a", 1): reply(" "),
        ("b", 2): reply("A says so."),
        ("a", 2): reply("A  says so."),
        ("b", 3): reply("I am model-b, at your service."),
        ("b", 4): reply(
            "Das ist die Antwort auf die Frage, und sie ist nicht so einfach, wie man es"
            " sich wünscht, denn es kommt auf die Zahlen an."
        ),
    }

    def answer(taken: Taken) -> Reply:
        number = int(taken.messages[-1]["content"].split()[2])
        return said.get((taken.line, number)) or drawing.plainly(taken)

    generation = story.begin()
    story.answer(answer)
    [outcome] = story.work()
    assert (outcome["comparisons"], outcome["prompts_without"]) == (1, 5)
    assert outcome["kept_out"] == {reason.value: 1 for reason in Reason}
    listed = {
        (prompt.external_id, each.line, each.reason, each.detail)
        for each, prompt in generations.kept_out(story.session, generation)
    }
    assert listed == {
        ("p0", "a", Reason.incomplete, "length"),
        ("p1", "a", Reason.empty, ""),
        ("p2", "b", Reason.identical, ""),
        ("p3", "b", Reason.names_maker, "model-b"),
        ("p4", "b", Reason.wrong_language, "de"),
    }
    assert [asked for asked, _ in story.compared()] == ["What is 5 plus one?"]


def test_nothing_to_compare_is_an_end_without_a_batch(story: Story) -> None:
    generation = story.begin()
    story.answer(lambda taken: reply("The same."))
    [outcome] = story.work()
    assert (outcome["comparisons"], outcome["kept_out"]) == (0, {"identical": 3})
    found = story.course(generation).generation
    assert (found.state, found.batch_id) == (STATES.done, None)
    assert story.compared() == []


def break_one(taken: Taken) -> Reply | Fault:
    broken = taken.line == "b" and "1" in taken.messages[-1]["content"]
    return BROKEN if broken else drawing.plainly(taken)


def test_a_failed_call_waits_for_somebody_and_is_made_again(story: Story) -> None:
    generation = story.begin()
    story.answer(break_one)
    course = story.course(generation)
    assert (course.needs_retry, course.used_up, course.failed) == (True, False, 1)
    assert story.work() == []
    [failed] = generations.failed_calls(story.session, generation)
    assert failed.fault is not None and failed.fault["message"] == "No."
    assert generations.retry_failed(story.session, generation, by=story.cast.olga) == 1
    story.session.commit()
    assert not story.course(generation).needs_retry
    assert story.answer() == 1
    assert story.work()[0]["comparisons"] == 3


def test_what_failed_goes_to_the_profile_that_was_put_right(story: Story) -> None:
    generation = story.begin()
    story.answer(break_one)
    before = registry.find(story.session, "b")
    right = before.written.model_copy(update={"region": "here"})
    newer = registry.revise(story.session, right, by=story.cast.root)
    other = registry.find(story.session, "a").written.model_copy(update={"model": "model-z"})
    registry.revise(story.session, other, by=story.cast.root)
    generations.retry_failed(story.session, generation, by=story.cast.olga)
    story.session.commit()
    story.answer()
    story.work()
    versions = Counter(
        (answer.model, answer.provenance["endpoint_version"])
        for _, answers in story.compared()
        for answer in answers
    )
    assert newer.version == 2
    assert versions == {("model-a", 1): 3, ("model-b", 1): 2, ("model-b", 2): 1}


def test_making_do_with_what_is_there(story: Story) -> None:
    generation = story.begin()
    story.answer(break_one, most=5)  # one of three prompts lacks an answer, another was not asked
    job = generations.finish(story.session, generation, by=story.cast.olga)
    story.session.commit()
    assert story.do(job.id)["comparisons"] in (1, 2)
    course = story.course(generation)
    outcome = course.generation.outcome
    assert outcome is not None
    assert outcome["missing"] == course.failed + course.counts[CallState.cancelled] >= 1
    assert outcome["comparisons"] + outcome["prompts_without"] == 3
    with pytest.raises(Conflict):
        generations.finish(story.session, course.generation, by=story.cast.olga)


def test_cancelled_it_can_be_begun_anew(story: Story) -> None:
    generation = story.begin()
    story.answer(most=2)
    generations.cancel(story.session, generation, by=story.cast.olga)
    story.session.commit()
    assert story.answer() == 0
    assert story.work() == []
    with pytest.raises(Conflict):
        generations.retry_failed(story.session, generation, by=story.cast.olga)
    again = story.begin()
    assert again.id != generation.id
    assert story.answer() == 6
    assert story.work()[0]["comparisons"] == 3


def test_a_budget_is_never_overdrawn_and_can_be_raised(story: Story) -> None:
    # Each answer has 10 tokens and may have 100, at a euro each: 100 EUR are set aside for it.
    for name in "cd":
        paid = drawing.priced("1000000") | {"limits": {"concurrent": 1}}
        drawing.make_endpoint(story.session, name, story.cast.root, **paid)
    story.session.commit()
    generation = story.begin(endpoints="c,d", budget="120")
    assert story.answer() == 3  # 30 EUR are spent; the fourth might cost 100
    course = story.course(generation)
    assert (course.used_up, course.needs_retry, course.open) == (True, False, 0)
    assert [bill.total_micro for bill in course.bills] == [30_000_000]
    assert story.work() == []
    with pytest.raises(Invalid, match="More than that is spent"):
        generations.raise_budget(
            story.session,
            generation,
            wishes.read({"endpoints": "c,d", "budget": 29}).budget,
            by=story.cast.olga,
        )
    assert story.begin(endpoints="c,d", budget="150").id == generation.id
    assert story.answer() == 3
    assert not story.course(generation).used_up
    assert story.work()[0]["comparisons"] == 3
    assert [bill.total_micro for bill in story.course(generation).bills] == [60_000_000]


def test_what_is_asked_for_after_the_budget_is_used_up_does_not_wait(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "cd":
        paid = drawing.priced("1000000") | {"limits": {"concurrent": 1}}
        drawing.make_endpoint(story.session, name, story.cast.root, **paid)
    story.session.commit()
    monkeypatch.setattr(beginning, "CHUNK_CALLS", 2)
    steps = _steps(story, endpoints="c,d", budget="105")
    next(steps), next(steps), next(steps)
    assert story.answer() == 1
    generation = [*steps][-1]
    course = story.course(generation)
    assert (course.used_up, course.open, course.counts[CallState.cancelled]) == (True, 0, 5)


def test_several_currencies_stand_side_by_side(story: Story) -> None:
    for name, currency in (("c", "EUR"), ("d", "USD")):
        drawing.make_endpoint(
            story.session, name, story.cast.root, **drawing.priced("100", currency)
        )
    story.session.commit()
    generation = story.begin(endpoints="c,d")
    story.answer()
    bills = story.course(generation).bills
    assert [(bill.currency, bill.total_micro) for bill in bills] == [("EUR", 3000), ("USD", 3000)]


def test_another_round_asks_the_new_version_for_the_same_prompts(story: Story) -> None:
    first = story.begin()
    story.answer()
    story.work()
    newer = registry.find(story.session, "b").written.model_copy(update={"model": "model-b2"})
    registry.revise(story.session, newer, by=story.cast.root)
    wish = wishes.read({"endpoints": "a,b"})

    def next_round(earlier: Generation) -> Generation:
        steps = beginning.another_round(
            *(story.session, story.project, wish, earlier), name="Round 2", by=story.cast.olga
        )
        made = list(steps)[-1]
        story.session.commit()
        return made

    second = next_round(first)
    assert next_round(first).id == second.id
    assert (second.earlier_id, second.prompts) == (first.id, 3)
    assert story.answer() == 6
    story.work()
    assert len(story.compared()) == 6
    models = {answers[1].model for _, answers in story.compared()[3:]}
    assert models == {"model-b2"}
    third = next_round(second)
    assert (third.earlier_id, third.prompts_of) == (second.id, first.id)
    assert story.session.scalar(sa.select(sa.func.count(Prompt.id))) == 3


def test_samples_differ_by_their_seed(story: Story) -> None:
    seeded = {"sampling": {"seed": 5, "temperature": 0}}
    drawing.make_endpoint(story.session, "s", story.cast.root, **seeded)
    story.session.commit()
    wish = wishes.read({"endpoints": "s", "samples": 3})
    plan = planning.plan(story.session, story.project, wish, prompts.look(story.file))
    assert "temperature 0" in plan.warnings[0]
    story.begin(endpoints="s", samples=3)
    asked = Counter(
        call.sampling["seed"] if call.sampling else None
        for call in story.session.scalars(sa.select(Call))
    )
    assert asked == {None: 3, 6: 3, 7: 3}
    story.answer()
    assert story.work()[0]["comparisons"] == 9  # each with each of three


def test_endpoints_that_ask_one_model_are_told_apart(story: Story) -> None:
    for name in "cd":
        drawing.make_endpoint(story.session, name, story.cast.root, model="same")
    story.session.commit()
    story.begin(endpoints="c,d")
    story.answer()
    story.work()
    models = {tuple(answer.model for answer in answers) for _, answers in story.compared()}
    assert models == {("same (c)", "same (d)")}


def test_a_form_that_ranks_compares_all_together(story: Story) -> None:
    story.project = ranking = make_project(story.session, story.cast, slug="ranking", rubric=RANKED)
    drawing.make_endpoint(story.session, "c", story.cast.root)
    story.session.commit()
    story.begin(endpoints="a,b,c", pairs="together")
    story.answer()
    assert story.work()[0]["comparisons"] == 3
    assert [len(answers) for _, answers in story.compared()] == [3, 3, 3]
    with pytest.raises(Invalid, match="10 at most"):
        story.begin(endpoints="a,b,c", samples=4, pairs="together")
    assert ranking.id == story.project.id


def test_pairs_that_follow_from_votes(story: Story) -> None:
    session, project, cast = story.session, story.project, story.cast
    drawing.make_endpoint(session, "c", cast.root)
    rows = [make_row(n, responses=voted_on(n)) for n in range(6)]
    load_rows(session, project, rows, by=cast.olga)
    judge_all(session, project, cast.ada, lambda _: 0)
    session.commit()
    best = story.begin(pairs="best_against_rest")
    assert (best.standing["best"], best.wish.baseline) == ("b", "")
    generations.cancel(session, best, by=cast.olga)
    unsure = story.begin(endpoints="a,b,c", pairs="uncertain")
    [[one, other, gap, error]] = unsure.standing["gaps"]
    assert (one, other, gap < 0 < error) == ("a", "b", True)
    story.answer()
    assert story.work()[0]["comparisons"] == 3
    drawn = story.compared()[len(rows) :]
    met = {tuple(answer.model for answer in answers) for _, answers in drawn}
    assert met == {("model-a", "model-c"), ("model-b", "model-c")}  # of which nothing was said


def voted_on(number: int) -> tuple[ResponseIn, ...]:
    return (
        ResponseIn(text=f"It is {number}.", model="model-b"),
        ResponseIn(text=f"It may be {number}.", model="model-a"),
    )


def test_a_form_that_no_longer_fits_says_so_and_somebody_can_try_again(story: Story) -> None:
    story.project = make_project(story.session, story.cast, slug="ranking", rubric=RANKED)
    drawing.make_endpoint(story.session, "c", story.cast.root)
    story.session.commit()
    generation = story.begin(endpoints="a,b,c", pairs="together")
    story.answer()
    pairwise = projects.rubric_draft(
        story.session, make_project(story.session, story.cast, slug="pairs")
    )
    projects.ask(story.session, story.project, pairwise, by=story.cast.olga)
    finishing.ask_for_due(story.session)
    story.session.commit()
    [job_id] = jobs.due(story.session)
    with pytest.raises(Invalid, match="exactly two are compared"):
        story.do(job_id)
    job = story.session.get_one(jobs.Job, job_id, populate_existing=True)
    jobs.fail(story.session, job, "exactly two")
    story.session.commit()
    assert story.course(generation).fault == "exactly two"
    assert story.work() == []  # nobody tries for ever
    draft = projects.rubric_draft(
        story.session,
        make_project(story.session, story.cast, slug="ranks-too", rubric=RANKED),
    )
    projects.ask(story.session, story.project, draft, by=story.cast.olga)
    again = generations.finish(
        story.session, story.session.get_one(Generation, generation.id), by=story.cast.olga
    )
    story.session.commit()
    assert again.state is JobState.waiting
    assert story.do(again.id)["comparisons"] == 3


def test_a_job_that_is_killed_midway_comes_to_the_same(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "CHUNK", 2)
    story.file = write(story.folder, [line(number) for number in range(7)])
    generation = story.begin()
    story.answer(
        lambda taken: reply("Cut", "length") if taken.call_id == 1 else drawing.plainly(taken)
    )
    with story.database.writing() as session:
        finishing.ask_for_due(session)
        session.commit()
        [job_id] = jobs.due(session)

    def kill_at(most: int) -> Any:
        def tell(done: int, _total: int, _words: str, /) -> None:
            if done >= most:
                raise Killed

        return tell

    place = installation.place(story.database, story.folder)
    with story.database.reading() as session:
        job = session.get_one(jobs.Job, job_id)
    for most in (0, 2, 4):
        with pytest.raises(Killed):
            finishing.run(place, job, kill_at(most))
        assert story.compared() == []
    result = finishing.run(place, job, lambda *_: None)
    assert finishing.run(place, job, lambda *_: None) == result
    assert (result["comparisons"], result["kept_out"]) == (6, {"incomplete": 1})
    assert len(story.compared()) == 6
    assert len(generations.kept_out(story.session, generation)) == 1
    assert story.session.scalar(sa.select(sa.func.count(Batch.id))) == 1
