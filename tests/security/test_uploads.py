"""Files that are attacks: names that are paths, kinds that lie, bombs, endless lines and parts."""

import gc
import gzip
import io
import itertools
import json
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zlib import crc32

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from labeler.work import batches
from tests.calling import API
from tests.conftest import NewAddress
from tests.security.stage import Stage, staged
from tests.visits import Visit

PAGE = "/projects/helpful/batches"
LOAD = f"{API}{PAGE}"
LINES = "application/x-ndjson"
MB = 10**6
LONGEST_S = 10
# Werkzeug leaves it to the collector to close what it kept of a form that it gave up reading.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def _close_what_was_given_up() -> Iterator[None]:
    yield
    gc.collect(1)  # it is young; to look through all that a run of tests has takes seconds


def by_page(visit: Visit, data: bytes, name: str = "pairs.jsonl", **fields: str) -> TestResponse:
    visit.get("/account")
    file = FileStorage(io.BytesIO(data), name)
    given = {"csrf_token": visit.token, "file": file} | fields
    boundary, body = encode_multipart(given)
    kind = f'multipart/form-data; boundary="{boundary}"'
    return visit.client.post(PAGE, data=body, content_type=kind)


def by_api(stage: Stage, data: bytes, kind: str = LINES, query: str = "") -> TestResponse:
    return stage.callers["olga"].post(f"{LOAD}{query}", data=data, content_type=kind)


def row(number: int, text: str = "b", **more: object) -> bytes:
    responses = [{"text": "a"}, {"text": text}]
    given = {"id": f"u{number}", "prompt": f"p{number}", "responses": responses} | more
    return json.dumps(given, ensure_ascii=False).encode() + b"\n"


@contextmanager
def bounded(megabytes: int) -> Iterator[None]:
    """Fail if what is done meanwhile takes long of a processor, or more memory than that."""
    began = time.process_time()
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < megabytes * MB
    assert time.process_time() - began < LONGEST_S


@pytest.mark.parametrize(
    "name",
    [
        "../../../../tmp/evil.jsonl",
        "/etc/cron.d/evil.jsonl",
        "..\\..\\evil.jsonl",
        "C:\\evil.jsonl",
        "....//evil.jsonl",
        "evil.jsonl/../../x.jsonl",
        "x" * 300 + ".jsonl",
        "e\x1bvil.jsonl",
        "<script>.jsonl",
        "é\u202elnosj.jsonl",
    ],
)
def test_a_name_is_only_a_name(stage: Stage, name: str) -> None:
    before = _files(stage)
    answer = by_page(stage.visits["olga"], row(crc32(name.encode())), name)
    assert answer.status_code in (302, 422)
    assert _files(stage) == before
    assert "<script>." not in stage.visits["olga"].get(PAGE).text
    api = stage.callers["olga"].post(
        LOAD, data=row(-crc32(name.encode())), content_type=LINES, query_string={"name": name}
    )
    assert api.status_code in (201, 422)
    assert _files(stage) == before


def _files(stage: Stage) -> list[str]:
    data: Path = stage.app.extensions["labeler.settings"].data
    found = [*data.rglob("*"), *Path("/tmp").glob("evil*")]
    return sorted(str(path) for path in found if "labeler.db" not in path.name and path.is_file())


@pytest.mark.parametrize(
    "name",
    ["", ".jsonl.exe", "x.html", "x.JSONL.svg", "x.jsonl\0.exe", "..", "/", "x.zip", "x.jsonl "],
)
def test_other_kinds_are_refused(stage: Stage, name: str) -> None:
    assert by_page(stage.visits["olga"], row(1), name).status_code == 422


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.jsonl", gzip.compress(row(1))),
        ("x.jsonl", b"PK\x03\x04"),
        ("x.jsonl", b"\xff\xfe{\0}\0"),
        ("x.jsonl.gz", row(1)),
        ("x.jsonl.gz", b"\x1f\x8b"),
        ("x.jsonl.gz", gzip.compress(row(1))[:-9]),
        ("x.csv", b"PAR1"),
        ("x.csv", b"\0\0\0"),
        ("x.csv", b"a,a\n1,2\n"),
        ("x.parquet", b"PAR1" * 100),
        ("x.parquet", b"PAR1" + b"\xff" * 100 + b"PAR1"),
        ("x.jsonl", b'{"a":' * 100_000),
        ("x.jsonl", b"[" * 900_000),
        ("x.jsonl", b'{"id":' + b"9" * 10_000 + b"}"),
        ("x.jsonl", b"\xff\xff\n"),
        ("x.jsonl", b'{"id":"\\ud800"}'),
        ("x.jsonl", b'{"id":"\\u0000"}'),
        ("x.jsonl", b'{"id":1e999}'),
        ("x.jsonl", b""),
    ],
    ids=itertools.count(),
)
def test_what_is_not_what_it_says_is_refused(stage: Stage, name: str, data: bytes) -> None:
    before = stage.digest()
    with bounded(60):
        assert by_page(stage.visits["olga"], data, name).status_code == 422
    assert stage.digest() == before


def test_a_bomb_goes_off_nowhere(stage: Stage) -> None:
    bomb = gzip.compress(b"x" * 150 * MB, 1)
    with bounded(40):
        assert by_page(stage.visits["olga"], bomb, "x.jsonl.gz").status_code == 422
        assert by_api(stage, bomb, "application/gzip").status_code == 422


def test_one_endless_line(stage: Stage) -> None:
    line = b'{"id":"' + b"x" * 60 * MB
    with bounded(80):  # the page's form is copied once here, by the test itself
        refused = by_api(stage, line)
    assert refused.status_code == 422
    assert "longer than" in refused.text


def test_rows_that_grow_in_memory_come_a_few_at_a_time(stage: Stage) -> None:
    data = b"".join(row(n, "😀" + "x" * 900_000) for n in range(30))
    with bounded(27 + 60):  # the body, and little more than a chunk
        assert by_api(stage, data).status_code == 201


def test_refused_rows_do_not_pile_up(stage: Stage) -> None:
    data = gzip.compress(b"0\n" * 20 * batches.MOST_REFUSED)
    with bounded(60):
        refused = by_api(stage, data, "application/gzip", "?skip_bad=true")
    assert refused.status_code == 422
    assert len(refused.data) < 10_000


def test_many_parts_and_long_fields(stage: Stage) -> None:
    olga = stage.visits["olga"]
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' for _ in range(9000)
    )
    many = parts + b"--x--\r\n"
    crs = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n' + (
        b"\r" * 20 * MB
    )
    for body, statuses in ((many, {413}), (crs, {400}), (crs + b"\r\n--x--\r\n", {400})):
        with bounded(60):
            answer = olga.client.post(
                PAGE, data=body, content_type="multipart/form-data; boundary=x"
            )
        assert answer.status_code in statuses
    with bounded(20):
        long = olga.client.post("/sign-in", data={"email": "x" * 2_100_000})
    assert long.status_code == 413


def test_little_is_read_of_strangers(stage: Stage) -> None:
    body = b"a&" * 60_000
    for path in ("/sign-in", "/link/x", "/account/password", PAGE):
        for who, status in (("anonymous", 413), ("revoked", 413), ("mallory", 400)):
            answer = stage.visits[who].client.post(
                path, data=body, content_type="application/x-www-form-urlencoded"
            )
            assert answer.status_code == status


def test_only_files_may_be_large(stage: Stage) -> None:
    body = b"csrf_token=" + stage.visits["olga"].token.encode() + b"&a=" + b"x" * 2_100_000
    answer = stage.visits["olga"].client.post(
        PAGE, data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413


@pytest.fixture
def small(new_address: NewAddress, tmp_path: Path) -> Iterator[Stage]:
    """A site that takes files of one megabyte."""
    with staged(new_address("sqlite"), tmp_path, upload_mb=3) as stage:
        yield stage


def test_only_owners_send_much_and_not_without_bound(small: Stage) -> None:
    much, too_much = b"\n" * 2_500_000, b"\n" * 3_500_000
    for who in ("anonymous", "mallory", "paul", "ada", "rex"):
        assert by_page(small.visits[who], much).status_code == 413, who
    for who in ("olga", "root"):
        assert by_page(small.visits[who], much).status_code == 422
        assert by_page(small.visits[who], too_much).status_code == 413
    assert by_api(small, much).status_code == 422
    assert by_api(small, too_much).status_code == 413
    for path in ("/projects", "/assignments/1/judgment", "/assignments/1/skip"):
        answer = small.callers["olga"].post(
            f"{API}{path}", data=much, content_type="application/json"
        )
        assert answer.status_code == 413
