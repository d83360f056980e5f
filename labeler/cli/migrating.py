"""Migration: comparisons from other tools and datasets, with all that people said of them."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
from sqlalchemy.orm import Session

from labeler import config
from labeler.cli import installation
from labeler.people import stand_ins
from labeler.people.memberships import Role
from labeler.work import leftovers, projects
from labeler.work.files import digest
from labeler.work.layouts import UNKNOWN_LANGUAGE, Layout, Refused
from labeler.work.migrated import storing
from labeler.work.migrated.given import Brought
from labeler.work.migrated.storing import Moved
from labeler.work.projects import Project
from labeler.work.sources import argilla, datasets, label_studio, potato, reading
from labeler.work.sources.reading import Fields

Command = TypeVar("Command", bound=Callable[..., Any])
Reading = Callable[[str], Iterable[Brought | Refused]]
"""Reads a source; what names no language is in the one that is given."""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

_project = click.argument("slug", metavar="PROJECT")
_file = click.argument("file", metavar="FILE", type=FILE)
_reason = click.option("--reason", default="", metavar="NAME", help="The question that asked why.")


def _common(command: Command) -> Command:
    """Add the options that all sources have."""
    language = click.option(
        "--language",
        metavar="TAG",
        help="Language of what names none; if not said, the project's only one.",
    )
    skip = click.option(
        "--skip-bad", is_flag=True, help="Leave out bad comparisons instead of the whole file."
    )
    refused = click.option(
        "--refused",
        type=NEW_FILE,
        metavar="FILE",
        help="Where --skip-bad writes what was left out; if not said, NAME.refused.jsonl here.",
    )
    return language(skip(refused(installation.acts(command))))


def _fields(prompt: str, responses: Sequence[str]) -> Callable[[Command], Command]:
    """Add the options that say where the parts of a comparison stand."""

    def add(command: Command) -> Command:
        asked = click.option(
            "--prompt",
            default=prompt,
            show_default=True,
            metavar="NAME",
            help="The prompt's field.",
        )
        answers = click.option(
            "--response",
            "responses",
            multiple=True,
            default=responses,
            show_default=True,
            metavar="NAME",
            help="The field of a response; repeat it, the first one first.",
        )
        models = click.option(
            "--model",
            "models",
            multiple=True,
            metavar="NAME",
            help="The field of a model's name; repeat it, in the same order.",
        )
        means = click.option(
            "--means",
            multiple=True,
            metavar="WORDS=ANSWER",
            help="What words mean: 1 or 2, with a strength such as 1:3, tie, both-bad or skip.",
        )
        return asked(answers(models(means(command))))

    return add


@click.group()
def migrate() -> None:
    """Bring comparisons and their judgments from elsewhere.

    All of a source is stored at once, or nothing. Annotators become people who cannot sign in and
    are paid nothing. docs/migrating.md goes through it step by step.
    """


@migrate.command("argilla")
@_project
@_file
@_fields("instruction", ("response1", "response2"))
@click.option(
    "--question", default="ranking", show_default=True, metavar="NAME", help="Which is better."
)
@_reason
@_common
def argilla_(slug: str, file: Path, question: str, reason: str, **rest: Any) -> None:
    """Bring a flattened export of Argilla, as JSON or lines of it."""
    asked = argilla.Questions(question, reason)
    where = _where(rest)
    _carry_out(slug, "argilla", file, lambda tag: argilla.read(file, where(tag), asked), **rest)


@migrate.command("label-studio")
@_project
@_file
@_fields("prompt", ("answer1", "answer2"))
@click.option(
    "--question", default="comparison", show_default=True, metavar="NAME", help="Which is better."
)
@_reason
@click.option("--empty-is-tie", is_flag=True, help="No decision means about the same, not a skip.")
@_common
def label_studio_(
    slug: str, file: Path, question: str, reason: str, empty_is_tie: bool, **rest: Any
) -> None:
    """Bring a JSON export of Label Studio."""
    asked = label_studio.Questions(question, reason, empty_is_tie)
    where = _where(rest)
    _carry_out(
        slug, "label-studio", file, lambda tag: label_studio.read(file, where(tag), asked), **rest
    )


@migrate.command("potato")
@_project
@click.argument("folder", metavar="FOLDER", type=FOLDER)
@click.option(
    "--items",
    multiple=True,
    required=True,
    type=FILE,
    metavar="FILE",
    help="A data file of the task; repeat it.",
)
@click.option("--schema", required=True, metavar="NAME", help="The scheme that compares.")
@click.option("--id", "id_", default="id", show_default=True, help="The field of an item's id.")
@_fields("prompt", ("text",))
@_common
def potato_(
    slug: str, folder: Path, items: Sequence[Path], schema: str, id_: str, **rest: Any
) -> None:
    """Bring the output folder of Potato, with the items that were annotated.

    A single --response names the field with the list of both responses.
    """
    where = _where(rest, id_)
    _carry_out(
        slug,
        "potato",
        folder,
        lambda tag: potato.read(items, folder, where(tag), schema),
        hashed=partial(potato.digest_of, items, folder),
        **rest,
    )


class _Dataset(NamedTuple):
    """A public dataset that says who judged what."""

    words: str
    """What its command does, in one sentence."""
    read: Callable[..., Iterable[Brought | Refused]]
    """Reads its file, in the language that is given."""


_DATASETS = {
    "multipref": _Dataset(
        "Bring MultiPref, with what its workers and experts found overall.",
        datasets.read_multipref,
    ),
    "mt-bench": _Dataset(
        "Bring MT-Bench's human judgments.", partial(datasets.read_battles, layout=Layout.mt_bench)
    ),
    "arena": _Dataset(
        "Bring Chatbot Arena's conversations, with what their judges found.",
        partial(datasets.read_battles, layout=Layout.arena),
    ),
}


def _add_dataset(name: str, dataset: _Dataset) -> None:
    """Make the command of a public dataset: a file of it says all that there is to say."""

    @migrate.command(name, help=dataset.words)
    @_project
    @_file
    @_common
    def bring(slug: str, file: Path, **rest: Any) -> None:
        _carry_out(slug, name, file, lambda tag: dataset.read(file, language=tag), **rest)


for _name, _dataset in _DATASETS.items():
    _add_dataset(_name, _dataset)


@migrate.command()
@_project
@installation.acts
def people(slug: str, actor: str | None) -> None:
    """List whoever judged elsewhere: name and made-up address, as `labeler person` takes it."""
    with installation.reading() as session:
        by = installation.acting(session, slug, actor)
        project = projects.find(session, slug, by=by, role=Role.owner)
        for person in stand_ins.of_project(session, project.id):
            click.echo(f"{person.name}\t{person.email}")


def _where(given: dict[str, Any], identity: str = "id") -> Callable[[str], Fields]:
    """Take the options about fields out; return what makes them whole with a language."""
    means = reading.means(given.pop("means"))
    prompt, responses = given.pop("prompt"), tuple(given.pop("responses"))
    models = tuple(given.pop("models"))
    if models and len(models) != len(responses):
        raise click.UsageError("Name as many models as responses.")

    def whole(language: str) -> Fields:
        return Fields(prompt, responses, models, identity, language, means)

    return whole


def _carry_out(
    slug: str,
    source: str,
    path: Path,
    read: Reading,
    *,
    language: str | None,
    skip_bad: bool,
    refused: Path | None,
    actor: str | None,
    hashed: Callable[[], str] | None = None,
) -> None:
    told = hashed() if hashed else digest(path)

    def store(session: Session) -> Moved:
        by = installation.acting(session, slug, actor)
        project = projects.find(session, slug, by=by, role=Role.owner)
        return storing.load(
            session,
            project,
            read(language or _only(project)),
            source=source,
            name=path.name,
            digest=told,
            by=by,
            skip_bad=skip_bad,
        )

    with installation.connected(config.load()) as database:
        moved = installation.written(database, store)
    report(path, moved, refused or Path(f"{path.name}.refused.jsonl"))


def _only(project: Project) -> str:
    return project.languages[0] if len(project.languages) == 1 else UNKNOWN_LANGUAGE


def report(path: Path, moved: Moved, left_out: Path) -> None:
    """Say what came of a migration, and write what was left out."""
    click.echo(
        f"{path}: {moved.comparisons:,} comparisons, {moved.judgments:,} judgments and "
        f"{moved.skips:,} skips of {moved.people:,} people."
    )
    if moved.refused:
        leftovers.write(left_out, path, moved.refused)
        click.echo(f"{path}: {len(moved.refused):,} left out; {left_out} says why.")
