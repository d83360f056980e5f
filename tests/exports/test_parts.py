"""A release is made in parts: one that breaks off goes on, and several can make it together."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from exports.checking import verification
from exports.choosing.criteria import FORMATS
from exports.files import folders
from exports.kept.releases import Cut
from exports.making import clusters, cutting, parts, shards
from labeler.database import Database
from labeler.errors import Busy, Invalid
from tests.conftest import NewAddress
from tests.exports.conftest import Judged
from tests.exports.stories import SIGNER, Said, contents, known_key, plan, tell, write

VOTES: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(16)} | {
    f"t{n}": ["tie", "both_bad"] for n in range(4)
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let parts be of three comparisons, and shards of five records."""
    monkeypatch.setattr(parts, "SIZE", 3)
    monkeypatch.setattr(shards, "RECORDS", 5)


def cut_of(database: Database, project: object) -> Cut:
    return known_key(plan(database, project, formats=FORMATS, test_share=0.3), database)  # type: ignore[arg-type]


@pytest.mark.usefixtures("small")
def test_parts_and_shards_change_no_byte_but_the_files_that_rows_are_in(
    judged: Judged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, _, project = judged
    cut = cut_of(database, project)
    write(database, cut, tmp_path / "many")
    monkeypatch.setattr(parts, "SIZE", 1000)
    write(database, cut, tmp_path / "some")
    monkeypatch.setattr(shards, "RECORDS", 1000)
    write(database, cut, tmp_path / "one")
    assert contents(tmp_path / "many") == contents(tmp_path / "some")
    many, one = contents(tmp_path / "many"), contents(tmp_path / "one")
    lines = [name for name in one if name.endswith(".jsonl")]
    assert len(lines) == 18
    assert {name: many[name] for name in lines} == {name: one[name] for name in lines}
    assert sum(name.startswith("dpo/train-") for name in many) > 3
    assert verification.verify(tmp_path / "many") == []


def killed(address: str, cut: Cut, target: Path, steps: int) -> None:
    """Cut a release and die, as from a power cut, after some steps."""
    left = steps

    def progress(_done: int, _total: int, _words: str, /) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    database = Database(address)
    with cutting.staged(cut, database.reading, target, signer=SIGNER, progress=progress):
        pass


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("steps", [0, 3, 20, 26])
def test_whoever_is_killed_goes_on_where_they_were(
    new_address: NewAddress, tmp_path: Path, steps: int
) -> None:
    address = new_address("sqlite")
    database = Database(address)
    _, project = tell(database, VOTES)
    cut = cut_of(database, project)
    write(database, cut, tmp_path / "whole")
    target = tmp_path / "place" / "out"
    child = get_context("fork").Process(target=killed, args=(address, cut, target, steps))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert not target.exists()
    told: list[str] = []

    def progress(_done: int, _total: int, words: str, /) -> None:
        told.append(words)

    with cutting.staged(cut, database.reading, target, signer=SIGNER, progress=progress):
        pass
    assert contents(target) == contents(tmp_path / "whole")
    if steps > 0:
        assert told.count(cutting.READ) == max(0, 7 - steps)  # parts; the others were done
    left = [path.name for path in target.parent.iterdir() if path != target]
    assert all(name.startswith(".out.") for name in left)  # the folder of who was killed, at most
    database.close()


@pytest.mark.usefixtures("small")
def test_two_do_not_cut_the_same_release_at_once(judged: Judged, tmp_path: Path) -> None:
    database, _, project = judged
    cut = cut_of(database, project)
    target = tmp_path / "out"
    refused = []

    def progress(_done: int, _total: int, _words: str, /) -> None:
        if not refused:
            with (
                pytest.raises(Busy) as refusal,
                cutting.staged(cut, database.reading, target, signer=SIGNER),
            ):
                pass
            refused.append(refusal.value.message)

    with cutting.staged(cut, database.reading, target, signer=SIGNER, progress=progress):
        pass
    assert refused == ["This release is being cut. Wait until it is there."]
    assert verification.verify(target) == []


def test_of_two_who_do_the_same_the_first_counts(tmp_path: Path) -> None:
    with folders.once(tmp_path / "it") as slow:
        assert slow is not None
        (slow / "told").write_text("slow")
        with folders.once(tmp_path / "it") as fast:
            assert fast is not None
            (fast / "told").write_text("fast")
    assert (tmp_path / "it" / "told").read_text() == "fast"
    with folders.once(tmp_path / "it") as late:
        assert late is None
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_a_cluster_makes_the_same_files_though_a_worker_is_killed(
    new_address: NewAddress, tmp_path: Path
) -> None:
    from distributed import Client, LocalCluster

    address = new_address("postgresql")
    database = Database(address)
    _, project = tell(database, VOTES)
    cut = cut_of(database, project)
    write(database, cut, tmp_path / "alone")
    target = tmp_path / "place" / "out"
    folder = target.parent
    with (
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as workers,
        Client(workers) as client,  # type: ignore[no-untyped-call]
        ThreadPoolExecutor(1) as beside,
    ):
        pids = list(client.run(os.getpid).values())

        def make() -> None:
            crew = clusters.Cluster(client)
            reader = clusters.Reader(address)
            with cutting.staged(cut, reader, target, signer=SIGNER, crew=crew):
                pass

        made = beside.submit(make)
        until(lambda: any(folder.glob(".out.*/part-*")))
        os.kill(pids[0], signal.SIGKILL)
        made.result(timeout=120)
    assert contents(target) == contents(tmp_path / "alone")
    assert len(set(pids)) == 2
    database.close()


def test_a_scheduler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "WAITS_S", 0.5)
    with pytest.raises(Invalid, match="no scheduler at tcp://"):
        clusters.connect("tcp://127.0.0.1:1")
