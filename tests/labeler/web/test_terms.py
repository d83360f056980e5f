"""Terms on pages: they come before the work, in the reader's language, and reading them is paid."""

import re

from labeler.people import terms
from labeler.text.clauses import FREE
from tests.calling import HELPFUL as BY_PROGRAM
from tests.calling import make_caller
from tests.labeler.web.conftest import HELPFUL, HOSTILE, Site

TERMS = f"{HELPFUL}/terms"
WRITE = f"{TERMS}/write"


def test_whoever_starts_reads_the_terms_first(site: Site) -> None:
    ada, olga = site.visit("ada"), site.visit("olga")
    assert "This project has no terms." in ada.get(TERMS).text
    olga.get(WRITE)
    silent = olga.post(WRITE, text_en=f"Secret. {HOSTILE}", text_fr="Bien.", notice_days="30")
    assert silent.status_code == 422
    assert 'id="text_en-fault"' in silent.text and FREE["en"] in silent.text
    assert "<script>alert" not in silent.text and "Bien." in silent.text
    text = f"Secret. {FREE['en']} {HOSTILE}"
    assert olga.post(WRITE, text_en=text, text_fr="Bien.", notice_days="30").location == WRITE

    # To start leads to the terms, with and without a script; a program is told in words.
    assert "terms to read and accept" in ada.get("/").text
    assert ada.post(f"{HELPFUL}/start").location == TERMS
    assert ada.ask(f"{HELPFUL}/start").json == {"finished": TERMS}
    program = make_caller(site.app, site.database, site.people.ada)
    refused = program.post(f"{BY_PROGRAM}/assignments")
    assert refused.status_code == 403
    assert "Please read and accept the terms of this project first." in refused.text

    # She reads them in English, then in French, while her paid clock runs.
    page = ada.get(TERMS).text
    assert "<script>alert" not in page and re.search(r'data-clock="[^"]+"', page)
    assert ada.get(f"{TERMS}?language=sw").status_code == 404
    page = ada.get(f"{TERMS}?language=fr").text
    assert '<div class="prose gap-m" lang="fr" dir="ltr"><p>Bien.</p>' in page
    sent = {name: ada.hidden(name) for name in ("number", "language")}
    assert ada.post(TERMS, **sent).location == "/"
    assert "You accepted them on" in ada.get(TERMS).text
    assert ada.post(f"{HELPFUL}/start").location.startswith("/work/")
    assert program.post(f"{BY_PROGRAM}/assignments").status_code == 201
    with site.database.reading() as session:
        kept = terms.consents_of(session, 1, site.people.ada)
        assert [(one.number, one.language) for one in kept] == [(1, "fr")]
    assert "1 person accepted it" in olga.get(WRITE).text
    assert ada.get(WRITE).status_code == 403


def test_odd_values_are_refused_in_words(site: Site) -> None:
    ada, olga = site.visit("ada"), site.visit("olga")
    ada.get(TERMS)
    for number, language in (("1", "en"), ("1", "\u202e"), ("2147483647", "en")):
        assert ada.post(TERMS, number=number, language=language).status_code == 404
    for number in ("", "0", "x", "-1", "9" * 40):
        assert ada.post(TERMS, number=number, language="en").status_code == 422
    olga.get(WRITE)
    olga.post(WRITE, text_en="Be kind.", notice_days="30")
    for language in ("fr", "EN", HOSTILE, "\u202e"):
        assert ada.post(TERMS, number="1", language=language).status_code == 422
    olga.get(WRITE)
    for days in ("", "-1", "٣٠", "1e2", "9" * 40, HOSTILE):
        page = olga.post(WRITE, text_en="Be kind.", notice_days=days)
        assert page.status_code == 422 and 'id="notice_days-fault"' in page.text
    page = olga.post(WRITE, text_bn="a\0b", notice_days="30")
    assert page.status_code == 422 and 'id="text_bn-fault"' in page.text
    assert "Publish a new version" in page.text
