"""Every table says how long its rows stay, and each that names people is in the copy they get."""

import ast
import inspect

import labeler.app  # which every other table comes with
import labeler.endpoints.calls
import labeler.jobs
import labeler.pay.seals  # noqa: F401
from exports.kept import clearances, declarations, releases
from labeler.privacy import retention, subjects
from labeler.privacy.declared import KEEPS
from labeler.privacy.glossary import COLUMNS
from labeler.privacy.subjects import ABOUT_PEOPLE, ELSEWHERE, SUBJECTS
from labeler.schema import Base
from tests.house.source import ROOT, modules
from tests.labeler.cli import documents

TABLES = Base.metadata.tables
PERSON_EVENTS = (
    *("person.", "membership.", "sign_in_link.", "payout.", "destination.", "data."),
    *("representative.", "correction."),
)


def test_every_table_that_names_people_is_copied_or_says_why_not() -> None:
    naming = {
        name
        for name, table in TABLES.items()
        if any(key.column.table.name == "people" for key in table.foreign_keys)
    }
    copied = {subject.table for subject in SUBJECTS}
    assert len(copied) > 20
    assert naming - copied == set(ELSEWHERE)
    assert "people" in copied


def test_every_column_of_a_copy_is_explained_and_no_word_is_left_over() -> None:
    used = {column for subject in SUBJECTS for column in subject.columns}
    assert used == set(COLUMNS)


def test_every_event_about_a_person_is_in_their_copy() -> None:
    kinds = {
        node.value
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith(PERSON_EVENTS)
        and node.value.count(".") == 1
        and node.value.replace(".", "").replace("_", "").isalpha()
    }
    assert kinds == set(ABOUT_PEOPLE)


def test_every_table_says_how_long_its_rows_stay() -> None:
    keeps = (*KEEPS, releases.KEEP, declarations.KEEP, clearances.KEEP)
    declared = [keep.table for keep in keeps]
    assert len(declared) == len(set(declared))
    assert set(declared) == set(TABLES)
    for keep in keeps:
        assert all(keep), keep


def test_what_goes_is_declared_to_go() -> None:
    stays = {keep.table: keep.stays for keep in KEEPS}
    for rule in retention.RULES:
        assert "LABELER_KEEP_" in stays[rule.table]


def test_no_copy_holds_a_secret() -> None:
    names = {column for subject in SUBJECTS for column in subject.columns}
    assert names.isdisjoint(
        {"password_hash", "secret_digest", "pseudonym_key", "preferred", "model"}
    )
    assert "Response" not in inspect.getsource(subjects)


def test_the_page_about_retention_says_what_is_declared() -> None:
    text = (ROOT / "docs" / "retention.md").read_text("utf-8")
    assert text == documents.retention_refreshed(text), documents.__doc__
