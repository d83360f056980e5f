"""Generating: batches are drawn from endpoints, and what became of them is looked at."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from labeler import config
from labeler.cli import bars, installation, working
from labeler.cli.batches import FILE
from labeler.config import Settings
from labeler.database import Database
from labeler.errors import Busy
from labeler.generation import beginning, costs, finishing, generations, planning, prompts, wishes
from labeler.generation.generations import Course, Generation, GenerationState
from labeler.generation.pairing import Pairing
from labeler.generation.planning import Plan
from labeler.generation.wishes import Wish
from labeler.jobs import Progress
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.work import projects
from labeler.work.projects import Project

LINGER_S = 1.0
"""How long nothing is due until it is looked whether all calls are over."""
LOOK_S = 0.5
SHOWN = 1000
"""How many failed calls, and how many answers that were kept out, are listed."""
_NUMBER = click.IntRange(1, 2**63 - 1)


@click.command()
@click.argument("slug", metavar="PROJECT")
@click.argument("file", metavar="[FILE]", required=False, type=FILE)
@click.option("--endpoints", metavar="A,B", required=True, help="Whose answers are compared.")
@click.option("--samples", type=int, default=1, help="Answers of each endpoint to a prompt.")
@click.option(
    "--pairs",
    type=click.Choice([pairing.value for pairing in Pairing]),
    default=Pairing.all.value,
    show_default=True,
    help="Which answers to a prompt are compared.",
)
@click.option("--baseline", metavar="NAME", default="", help="The endpoint for --pairs baseline.")
@click.option(
    "--per-prompt", type=int, default=1, help="Pairs of a prompt, if balanced or uncertain."
)
@click.option("--budget", metavar="AMOUNT", help="What it may cost at most, such as 5.00.")
@click.option("--seed", type=int, default=0, help="What pairs are drawn from.")
@click.option("--language", metavar="TAG", help="Language of prompts that name none, such as sw.")
@click.option("--again", type=_NUMBER, metavar="NUMBER", help="Whose prompts are asked again.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@installation.acts
@click.pass_context
def generate(
    ctx: click.Context,
    /,
    slug: str,
    file: Path | None,
    language: str | None,
    again: int | None,
    yes: bool,
    actor: str | None,
    **given: Any,
) -> None:
    """Draw answers from endpoints, and load them as a batch.

    FILE holds prompts: .jsonl, .jsonl.gz, .csv or .parquet with id, prompt, language and metadata.
    First it is said what that will probably cost. Stop it with Ctrl+C: the same command goes on
    where it was, and pays for no answer twice. With --again the prompts are those of an earlier
    number that `labeler batch generations` tells.
    """
    if (file is None) == (again is None):
        raise click.UsageError(
            "Name a file of prompts, or the number of a generation with --again."
        )
    wish = wishes.read({name: value for name, value in given.items() if value is not None})
    settings = config.load()
    with installation.connected(settings) as database:
        if file is not None:
            generation = _from_file(database, slug, actor, wish, file, language, yes=yes)
        else:
            generation = _from_earlier(database, slug, actor, wish, again or 0, yes=yes)
        course = _see_through(database, settings, generation)
    _report(course)
    ctx.exit(0 if course.generation.state is GenerationState.done else 1)


@click.command("generations")
@click.argument("slug", metavar="PROJECT")
@click.argument("number", metavar="[NUMBER]", required=False, type=_NUMBER)
@click.option("--retry", is_flag=True, help="Make the calls again that failed.")
@click.option("--finish", is_flag=True, help="Make a batch of what is there.")
@click.option("--cancel", is_flag=True, help="End it; its answers are compared by nobody.")
@installation.acts
@click.pass_context
def list_(
    ctx: click.Context,
    slug: str,
    number: int | None,
    retry: bool,
    finish: bool,
    cancel: bool,
    actor: str | None,
) -> None:
    """List what is drawn from endpoints, newest first.

    With NUMBER, list the calls that failed and the answers that were kept out, with the reasons.
    """
    if retry + finish + cancel > (number is not None):
        raise click.UsageError("One of --retry, --finish and --cancel goes with a NUMBER.")
    settings = config.load()
    with installation.connected(settings) as database:
        if number is None:
            _list(database, slug, actor)
        elif retry or finish or cancel:
            acts = (retry, generations.retry_failed), (finish, generations.finish)
            act = next((verb for is_meant, verb in acts if is_meant), generations.cancel)
            ctx.exit(_act(database, settings, slug, actor, number, act))
        else:
            _show(database, slug, actor, number)


COMMANDS = (generate, list_)


def _from_file(
    database: Database,
    slug: str,
    actor: str | None,
    wish: Wish,
    file: Path,
    language: str | None,
    *,
    yes: bool,
) -> Generation:
    by, project = _owned(database, slug, actor)
    if language is None and len(project.languages) == 1:
        (language,) = project.languages
    source = prompts.look(file, language=language)
    with database.reading() as session:
        found = beginning.standing(session, project, wish, source)
        plan = None if found else planning.plan(session, project, wish, source)
    _ask(plan, yes=yes)
    with database.writing() as session:
        return _begun(
            session,
            beginning.begin(
                *(session, project, wish, source, file),
                name=file.name,
                by=by,
                language=language,
            ),
        )


def _from_earlier(
    database: Database, slug: str, actor: str | None, wish: Wish, number: int, *, yes: bool
) -> Generation:
    by, project = _owned(database, slug, actor)
    with database.reading() as session:
        earlier = generations.find(session, project.id, number)
        found = beginning.later(session, project, wish, earlier)
        source = beginning.look(session, earlier)
        plan = None if found else planning.plan(session, project, wish, source)
    _ask(plan, yes=yes)
    with database.writing() as session:
        steps = beginning.another_round(session, project, wish, earlier, name=earlier.name, by=by)
        return _begun(session, steps)


def _owned(database: Database, slug: str, actor: str | None) -> tuple[Person, Project]:
    with database.reading() as session:
        by = installation.acting(session, slug, actor)
        return by, projects.find(session, slug, by=by, role=Role.owner)


def _ask(plan: Plan | None, *, yes: bool) -> None:
    """Say what would be done, and ask whether it should be; nothing if it was begun before."""
    if plan is None:
        return
    for line in _told(plan):
        click.echo(line)
    if not yes:
        click.confirm("Shall this be done?", abort=True)


def _told(plan: Plan) -> Iterator[str]:
    languages = ", ".join(f"{number:,} {language}" for language, number in plan.languages.items())
    yield f"{plan.prompts:,} prompts ({languages}), {plan.calls:,} answers"
    yield f"at most {plan.comparisons:,} comparisons"
    for each in plan.estimates:
        low, high = costs.units(each.low_micro), costs.units(each.high_micro)
        yield f"about {low} to {high} {each.currency}, as an estimate, for {each.calls:,} answers"
    if not plan.estimates:
        yield "nothing to pay"
    if plan.wish.budget is not None:
        yield f"never more than {plan.wish.budget} {plan.currency}"
    yield from plan.warnings


def _begun(session: Session, steps: Iterator[Generation]) -> Generation:
    with bars.bar() as show:
        for generation in steps:
            session.commit()
            show(generation.asked, generation.prompts * generation.wish.answers, "asked for")
    return generation


def _see_through(database: Database, settings: Settings, generation: Generation) -> Course:
    """Make the calls until all are over, and let the batch be made if nothing is missing."""
    from labeler.cli.calling import place
    from labeler.endpoints.calling import Caller

    here = place(database, settings)
    with _watched(database, generation) as is_called, installation.stoppable():
        Caller(here).run(None, is_wanted=lambda: not is_called())
    _pair(database, settings, generation)
    return _course(database, generation)


def _pair(database: Database, settings: Settings, generation: Generation) -> None:
    """Do the job that makes the batch, or wait for whoever does it already."""
    with database.reading() as session:
        is_due = generation.id in finishing.due(session)
        job = generations.progress(session, _again(session, generation)).job
    if is_due:
        job = installation.written(
            database, lambda session: generations.ask_for_batch(session, generation)
        )
    while job is not None and not job.is_over:
        if not working.do(database, settings.data, job.id):
            time.sleep(LOOK_S)
        job = _course(database, generation).job


def _course(database: Database, generation: Generation) -> Course:
    with database.reading() as session:
        return generations.progress(session, _again(session, generation))


def _again(session: Session, generation: Generation) -> Generation:
    return session.get_one(Generation, generation.id)


@contextmanager
def _watched(database: Database, generation: Generation) -> Iterator[Callable[[], bool]]:
    """Show how far the calls are for as long as the block lasts; yield what tells their end."""
    called, over = threading.Event(), threading.Event()

    def watch(show: Progress) -> None:
        while not called.is_set() and not over.wait(LOOK_S):
            with suppress(Busy, DBAPIError):  # it is away for a while
                look(show)

    def look(show: Progress) -> None:
        course = _course(database, generation)
        show(course.done + course.failed, course.calls, f"answers, {_paid(course)},")
        if course.is_called or course.generation.is_over:
            called.set()

    with bars.bar() as show:
        look(show)
        thread = threading.Thread(target=watch, args=(show,), daemon=True)
        thread.start()
        try:
            yield called.is_set
        finally:
            over.set()
            thread.join()


def _paid(course: Course) -> str:
    bills = [f"{costs.units(bill.total_micro)} {bill.currency}" for bill in course.bills]
    return " and ".join(bills) or "nothing paid"


def _report(course: Course) -> None:
    """Write what came of it, a line each, with tabs between."""
    generation = course.generation
    lines: list[tuple[str, object]] = [
        ("generation", generation.id),
        ("answers", f"{course.done:,} of {course.calls:,}"),
        ("failed calls", f"{course.failed:,}"),
        ("paid", _paid(course)),
    ]
    outcome: Mapping[str, Any] = generation.outcome or {}
    if outcome:
        kept_out = outcome["kept_out"].items()
        lines.append(("comparisons", f"{outcome['comparisons']:,}"))
        lines += [(f"kept out: {reason}", f"{number:,}") for reason, number in sorted(kept_out)]
        lines.append(("prompts without a comparison", f"{outcome['prompts_without']:,}"))
    for name, said in lines:
        click.echo(f"{name}\t{said}")
    if said := _what_next(course):
        click.echo(said, err=True)


def _what_next(course: Course) -> str:
    number = course.generation.id
    if not course.generation.is_over and not course.is_called:
        return "The same command goes on from here; nothing that was answered is asked again."
    if course.used_up:
        return (
            "The budget is used up. The same command with a higher --budget goes on; "
            f"`labeler batch generations PROJECT {number} --finish` makes do with what is there."
        )
    if course.needs_retry:
        return (
            f"Some calls failed: `labeler batch generations PROJECT {number}` says why. "
            "With --retry they are made again, with --finish they are left out."
        )
    return course.fault


def _act(
    database: Database, settings: Settings, slug: str, actor: str | None, number: int, act: Any
) -> int:
    """Do something to a generation, and see it through; return the exit code."""
    by, project = _owned(database, slug, actor)

    def step(session: Session) -> Generation:
        generation = generations.find(session, project.id, number)
        act(session, generation, by=by)
        return generation

    generation = installation.written(database, step)
    course = _see_through(database, settings, generation)
    _report(course)
    return 0 if course.generation.is_over else 1


def _list(database: Database, slug: str, actor: str | None) -> None:
    _, project = _owned(database, slug, actor)
    with database.reading() as session:
        for each in generations.of_project(session, project.id):
            course = generations.progress(session, each)
            told = (
                f"{course.done:,} of {course.calls:,} answers",
                f"{course.failed:,} failed",
                _paid(course),
                f"batch {each.batch_id}" if each.batch_id else "no batch",
            )
            click.echo("\t".join([str(each.id), each.name, each.state.value, *told]))


def _show(database: Database, slug: str, actor: str | None, number: int) -> None:
    _, project = _owned(database, slug, actor)
    with database.reading() as session:
        generation = generations.find(session, project.id, number)
        _report(generations.progress(session, generation))
        for call in generations.failed_calls(session, generation, limit=SHOWN):
            fault = call.fault or {}
            click.echo(f"failed\t{call.line}\t{call.key}\t{fault.get('message', '')}")
        for answer, prompt in generations.kept_out(session, generation, limit=SHOWN):
            told = answer.line, prompt.external_id, answer.reason.value, answer.detail
            click.echo("\t".join(["kept out", *told]))
