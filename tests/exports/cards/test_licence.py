"""LICENSE says which licence, whose, and that models may have terms of their own."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports.cards import licence
from exports.cards.licence import Model
from labeler.work.comparisons import Response
from tests.exports.conftest import Judged
from tests.exports.stories import plan, write

URLS = {
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-sa-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "cc-by-nc-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "odbl-1.0": "https://opendatacommons.org/licenses/odbl/1-0/",
    "odc-by-1.0": "https://opendatacommons.org/licenses/by/1-0/",
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "mit": "https://spdx.org/licenses/MIT.html",
}


def text(
    name: str, *models: Model, title: str = "Bread", licensor: str = "Ministry of Bread"
) -> str:
    return licence.text(name, title=title, release=3, year=2026, licensor=licensor, models=models)


@pytest.mark.parametrize("name", URLS)
def test_each_licence_is_named_with_its_address_and_licensor(name: str) -> None:
    known = licence.find(name.upper())
    assert known is not None
    assert known.spdx.lower() == name
    written = text(name)
    named = f"Licence: {known.name}\nSPDX-License-Identifier: {known.spdx}\n{URLS[name]}\n"
    assert named in written
    assert "Licensor: Ministry of Bread\n" in written
    assert written.startswith("Bread, release 3\n\n")
    assert "The text of the licence decides" in " ".join(written.split())
    assert max(map(len, written.splitlines())) <= 80


def test_names_of_hugging_face_are_understood() -> None:
    assert licence.find("odbl") == licence.find("odbl-1.0")
    assert licence.find("odc-by") == licence.find("ODC-By-1.0")


def test_the_short_licence_stands_there_whole() -> None:
    written = text("mit")
    assert "Copyright (c) 2026 Ministry of Bread\n\nPermission is hereby granted" in written
    assert "Permission" not in text("apache-2.0")


def test_without_a_licence_nothing_is_allowed() -> None:
    written = " ".join(text("other", licensor="").split())
    assert "Licensor: the makers of this dataset" in written
    assert "No licence was stated when this release was cut" in written
    assert "Ask the licensor" in written


def test_a_licence_that_we_do_not_know_is_named_and_not_explained() -> None:
    written = " ".join(text("etalab-2.0").split())
    assert "is called etalab-2.0. Its text is not part of the release. Ask the licensor" in written
    assert "Anybody may" not in written


def test_each_model_is_named_with_its_terms_in_order() -> None:
    written = text(
        "cc0-1.0",
        Model("zephyr"),
        Model("acme-1", "no use for training models that compete with it; https://acme.example"),
    )
    lines = written[written.index("- ") :].splitlines()
    assert lines == [
        "- acme-1: no use for training models that compete with it; https://acme.example",
        "- zephyr: its terms were not written down; ask whoever offers it.",
    ]
    assert "The models are not named in this release." in text("cc0-1.0")


def test_what_provenance_says_of_a_model_is_put_into_words() -> None:
    said = licence.model(
        "acme-1", output_use="no-competing", licence="acme-open", terms_url="https://acme.example"
    )
    assert said.terms == (
        "its answers may not be used to train models that compete with it; "
        "its own licence is acme-open; https://acme.example"
    )
    assert licence.model("m", output_use="unknown", licence=None, terms_url=None) == Model("m")


def test_nobody_writes_lines_of_their_own_into_it() -> None:
    evil = "Bread\n\nLicence: CC0"
    written = text("cc-by-nc-4.0", Model(evil, evil), title=evil, licensor=evil)
    assert [line for line in written.splitlines() if line.startswith("Licence: ")] == [
        "Licence: Creative Commons Attribution-NonCommercial 4.0 International"
    ]


def test_a_release_says_what_its_models_ask(judged: Judged, tmp_path: Path) -> None:
    database, _, project = judged
    asked = {"output_use": "name-prefix", "terms_url": "https://x.example/terms"}
    with database.writing() as session:
        session.execute(
            sa.update(Response).where(Response.model == "model-x").values(provenance=asked)
        )
        session.commit()
    write(database, plan(database, project, licence="cc-by-4.0"), tmp_path / "out")
    written = " ".join((tmp_path / "out" / licence.NAME).read_text("utf-8").split())
    told = "models that are trained with its answers must bear its name"
    assert f"- model-x: {told}; https://x.example/terms - model-y: its terms were not" in written
    said = json.loads((tmp_path / "out" / "croissant.json").read_text("utf-8"))
    assert said["usageInfo"] == [
        {"@type": "sc:CreativeWork", "text": f"Answers of model-x: {told}."}
    ]
