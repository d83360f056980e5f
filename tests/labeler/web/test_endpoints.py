"""Models for administrators: added and changed by forms and TOML, checked, never with their key."""

import io
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from labeler import clock, jobs
from labeler.cli import checking, installation
from labeler.config import PREFIX
from labeler.demo import answering
from labeler.endpoints import pacing, profiles, registry, writing
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import Fault
from labeler.endpoints.registry import Endpoint
from labeler.endpoints.taking import Taken
from tests.labeler.generation import drawing
from tests.labeler.web.conftest import HOSTILE, Site
from tests.visits import Visit

FIELDS = {
    "name": "large",
    "provider": "mistral",
    "base_url": "https://api.mistral.ai/v1/",
    "model": "mistral-large",
    "key_env": "LARGE_KEY",
    "place": "eu",
    "output_use": "unknown",
    "makers": "Mistral\r\n\r\n Le Chat \r\n",
    "sampling.temperature": "0.7",
    "sampling.max_tokens": "",
    "sampling.extra": '{"safe_prompt": true}',
    "limits.per_minute": "60",
    "price.currency": "EUR",
    "price.output_per_million": "5.40",
}
TOML = """
name = "large"
provider = "mistral"
base_url = "https://api.mistral.ai/v1"
model = "mistral-large-2"
place = "eu"
"""


INPUT = r'<input[^>]* name="([\w.]+)" type="text" value="([^"]*)"'


@pytest.fixture
def root(site: Site) -> Visit:
    """The administrator's browser."""
    return site.visit("root")


@pytest.fixture
def demo_host() -> Iterator[str]:
    """A real endpoint: the one that ships with the demo."""
    with answering.answering(answering.listen(0)) as url:
        yield url.removeprefix("http://").removesuffix("/v1")


def newest(site: Site, name: str = "large") -> Endpoint:
    with site.database.reading() as session:
        return registry.newest(session, name)


def faults(page: str) -> set[str]:
    """Return the fields beside which something is said to be wrong."""
    return set(re.findall(r'class="fault" id="([\w.]+)-fault"', page))


def test_one_is_added_by_the_form(site: Site, root: Visit) -> None:
    assert "There is none yet." in root.get("/endpoints").text
    root.get("/endpoints/new")
    assert root.post("/endpoints/new", **FIELDS).location == "/endpoints/named/large"
    profile = newest(site).written
    assert profile.base_url == "https://api.mistral.ai/v1"
    assert profile.makers == ["Mistral", "Le Chat"]
    assert (profile.sampling.temperature, profile.sampling.max_tokens) == (0.7, 1024)
    assert profile.sampling.extra == {"safe_prompt": True}
    assert str(profile.price.output_per_million) == "5.40"
    assert "large is kept as version 1." in root.get("/endpoints/named/large").text
    assert "mistral-large" in root.get("/endpoints").text


def test_every_bad_field_is_named_and_the_rest_stays_filled_in(root: Visit) -> None:
    root.get("/endpoints/new")
    bad = {
        "name": "Too Large",
        "base_url": "ftp://api.mistral.ai",
        "key_env": "LABELER_SECRET_KEY",
        "sampling.temperature": "hot",
        "sampling.extra": '{"model": "other"}',
        "limits.concurrent": "0",
        "price.currency": "XXX",
        "terms_seen_on": "yesterday",
        "makers": "\n".join("abcde" * 60 for _ in range(2)),
    }
    answer = root.post("/endpoints/new", **FIELDS | bad)
    assert answer.status_code == 422
    assert faults(answer.text) == set(bad)
    assert 'value="mistral-large"' in answer.text
    assert 'value="hot"' in answer.text
    assert answer.text.count("<details open>") == 3


def test_what_does_not_fit_together_is_said(root: Visit) -> None:
    root.get("/endpoints/new")
    answer = root.post("/endpoints/new", **FIELDS | {"base_url": "http://api.mistral.ai/v1"})
    assert answer.status_code == 422
    assert "Only an endpoint on_premises can be without https." in answer.text


def test_a_name_that_is_taken_is_not_overwritten_by_the_form(site: Site, root: Visit) -> None:
    root.get("/endpoints/new")
    root.post("/endpoints/new", **FIELDS)
    answer = root.post("/endpoints/new", **FIELDS | {"model": "other"})
    assert answer.status_code == 409
    assert faults(answer.text) == {"name"}
    assert newest(site).written.model == "mistral-large"


def test_toml_adds_and_changes_pasted_or_sent_as_a_file(site: Site, root: Visit) -> None:
    root.get("/endpoints/new")
    assert root.post("/endpoints/toml", toml=TOML).location == "/endpoints/named/large"
    file = (io.BytesIO(TOML.replace("large-2", "large-3").encode()), "large.toml")
    assert root.post("/endpoints/toml", toml="", file=file).status_code == 302
    assert (newest(site).version, newest(site).written.model) == (2, "mistral-large-3")
    assert "mistral-large-2" in root.get("/endpoints/named/large").text, "of version 1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "This is not TOML"),
        (TOML + "colour = 'red'\n", "colour</code></a>: This name is not known here."),
        (TOML.replace('"eu"', '"mars"'), "place</code></a>: Please choose one of these"),
        (TOML + "[sampling]\nseed = -1\n", "sampling.seed</code></a>: This must be 0 at least."),
    ],
)
def test_what_is_wrong_in_toml_is_said_and_the_text_stays(
    root: Visit, text: str, said: str
) -> None:
    root.get("/endpoints/new")
    answer = root.post("/endpoints/toml", toml=text)
    assert answer.status_code == 422
    assert said in answer.text
    assert "api.mistral.ai" in answer.text or text == "name = "


def test_a_file_that_is_no_text_is_refused(root: Visit) -> None:
    for content in (b"\xff\xfe", b"#" * 100_001):
        root.get("/endpoints/new")
        answer = root.post("/endpoints/toml", file=(io.BytesIO(content), "large.toml"))
        assert answer.status_code == 422
        assert faults(answer.text) == {"file"}


def test_the_key_is_shown_nowhere_only_whether_it_is_there(
    root: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.get("/endpoints/new")
    root.post("/endpoints/new", **FIELDS)
    addresses = ("", "/named/large", "/named/large/change")
    monkeypatch.delenv("LARGE_KEY", raising=False)
    assert "its key is missing" in root.get("/endpoints").text
    assert "There is no key in LARGE_KEY." in root.get("/endpoints/named/large").text
    monkeypatch.setenv("LARGE_KEY", "sk-secret-of-ours")
    pages = [root.get(f"/endpoints{address}").text for address in addresses]
    assert all("sk-secret-of-ours" not in page for page in pages)
    assert "its key is missing" not in pages[0]
    assert "There is no key" not in pages[1]
    assert "from the variable LARGE_KEY" in pages[1]


def test_a_change_is_a_new_version_and_nothing_else_is_lost(site: Site, root: Visit) -> None:
    root.get("/endpoints/new")
    root.post("/endpoints/new", **FIELDS)
    page = root.get("/endpoints/named/large/change").text
    told = dict(re.findall(INPUT, page))
    told |= {"provider": "mistral", "place": "eu", "output_use": "unrestricted", "version": "1"}
    told |= {"makers": "Mistral\nLe Chat", "sampling.extra": '{"safe_prompt": true}'}
    assert root.post("/endpoints/named/large/change", **told).status_code == 302
    before = profiles.read({**newest(site).profile, "output_use": "unknown"})
    assert (newest(site).version, newest(site).written.output_use.value) == (2, "unrestricted")
    with site.database.reading() as session:
        assert registry.versions(session, "large")[-1].written == before
    # The same again is no other version; another change of what is old by now is refused.
    assert root.post("/endpoints/named/large/change", **told).status_code == 302
    answer = root.post("/endpoints/named/large/change", **told | {"model": "other"})
    assert answer.status_code == 409
    assert "Somebody else has changed this" in answer.text
    assert newest(site).version == 2


def test_toml_of_a_profile_says_all_of_it(site: Site, root: Visit) -> None:
    root.get("/endpoints/new")
    odd = 'He said "no"\\\n\tand\x7f left. বাংলা'
    stop = 'a"b\nটি'
    root.post("/endpoints/new", **FIELDS | {"system_prompt": odd, "sampling.stop": stop})
    profile = newest(site).written
    assert profile.system_prompt == odd
    assert profiles.parse(writing.toml(profile)) == profile


def test_it_is_archived_and_comes_back(site: Site, root: Visit) -> None:
    root.get("/endpoints/new")
    root.post("/endpoints/new", **FIELDS)
    root.get("/endpoints/named/large")
    assert root.post("/endpoints/named/large/archive").status_code == 302
    assert "nothing new is asked of it" in root.get("/endpoints/named/large").text
    assert "Archived" in root.get("/endpoints").text
    assert root.post("/endpoints/named/large/restore").status_code == 302
    assert newest(site).archived_at is None


def check(site: Site, folder: Path, *, hosts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the checks that were asked for, as whoever does jobs."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv(f"{PREFIX}ENDPOINT_HOSTS", hosts)
    with site.database.reading() as session:
        ids = jobs.due(session)
    for job_id in ids:
        job = installation.written(site.database, lambda s, i=job_id: jobs.take(s, i))
        assert job is not None
        place = installation.place(site.database, folder)
        result = checking.run(place, job, lambda *_: None)
        installation.written(site.database, lambda s, j=job, r=result: jobs.finish(s, j, r))


def test_a_check_asks_it_and_says_what_came_back(
    site: Site, root: Visit, demo_host: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = {"provider": "openai", "base_url": f"http://{demo_host}/v1", "place": "on_premises"}
    root.get("/endpoints/new")
    root.post("/endpoints/new", **FIELDS | local | {"model": "demo-hasty", "key_env": ""})
    assert root.post("/endpoints/named/large/check").status_code == 302
    page = "/endpoints/named/large"
    assert "It is being asked." in root.get(page).text
    told = root.client.get(page, headers={"Accept": "application/json"}).json
    assert told is not None
    assert not told["is_over"]
    check(site, tmp_path, hosts=demo_host, monkeypatch=monkeypatch)
    assert "It answered in" in root.get(page).text
    assert "as demo-hasty." in root.get(page).text
    assert "I am a demo that follows rules" in root.get(page).text
    told = root.client.get(page, headers={"Accept": "application/json"}).json
    assert told is not None
    assert told["is_over"]


def test_a_check_says_what_is_wrong(
    site: Site, root: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.get("/endpoints/new")
    root.post("/endpoints/new", **FIELDS)
    root.post("/endpoints/named/large/check")
    monkeypatch.setenv("LARGE_KEY", "sk-secret-of-ours")
    check(site, tmp_path, hosts="api.openai.com", monkeypatch=monkeypatch)
    page = root.get("/endpoints/named/large").text
    assert "api.mistral.ai is not on the list of hosts" in page
    assert "sk-secret" not in page


def test_what_was_asked_this_month_is_counted(site: Site, root: Visit, tmp_path: Path) -> None:
    def said(taken: Taken) -> Reply | Fault:
        return drawing.BROKEN if taken.line == "b" else drawing.plainly(taken)

    with site.writing() as (session, project):
        drawing.make_endpoint(session, "a", site.people.root, **drawing.priced("4000"))
        drawing.make_endpoint(session, "b", site.people.root)
        path = drawing.write(tmp_path, [drawing.line(1), drawing.line(2)])
        drawing.begin(session, project, path, site.people.olga)
        drawing.answer_all(session, said)
    rows = root.get("/endpoints").text.split('<th role="rowheader"')[1:]
    cells = [re.findall(r'<td role="cell" class="n"[^>]*>(.*?)</td>', row) for row in rows]
    told = [[re.sub("<[^>]+>", " ", cell).strip() for cell in row] for row in cells]
    assert told == [["2", "0.08 EUR"], ["2 2 failed", "nothing"]]
    assert "0.08 EUR" in root.get("/endpoints/named/a").text


def test_one_that_rests_says_until_when(site: Site, root: Visit) -> None:
    with site.writing() as (session, _project):
        drawing.make_endpoint(session, "a", site.people.root)
        away = Fault(503, "", "", "busy", retryable=True)
        for _ in range(pacing.MISSES):
            pacing.missed(session, "a", away, clock.now() + timedelta(hours=1))
    assert "rests until" in root.get("/endpoints").text
    assert "It failed to answer 3 times in a row" in root.get("/endpoints/named/a").text


def test_what_servers_and_people_write_stays_text(
    site: Site, root: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.get("/endpoints/new")
    root.post("/endpoints/new", **FIELDS | {"system_prompt": HOSTILE, "region": HOSTILE})
    for address in ("", "/named/large", "/named/large/change"):
        assert "<script>alert" not in root.get(f"/endpoints{address}").text


def test_nobody_else_sees_them(site: Site, root: Visit) -> None:
    root.get("/endpoints/new")
    root.post("/endpoints/new", **FIELDS)
    olga = site.visit("olga")
    for address in ("", "/new", "/named/large", "/named/large/change", "/named/nothing"):
        assert olga.get(f"/endpoints{address}").status_code == 403
    assert root.get("/endpoints/named/nothing").status_code == 404
