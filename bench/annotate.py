"""Annotating: people take and judge through the JSON API, as fast as the server answers."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from bench import client, data, floor, processes
from bench.client import Client, Worked
from bench.data import SLUG, Annotator, Site
from bench.figures import Found, Table, Target, Verdict, number, percentile, spread
from bench.plan import FULL, SHORT, Plan
from bench.runs import Run
from bench.sites import Backend
from tests.gunicorn import Server, running

VETERAN = 5_000
WARM_S = 1.0
CLIENTS = 2
"""Processes that the annotators share."""
AT_FLOOR = 8

TO_FLOOR = Target("judgments/s, 8 annotators, against bare driver calls", 0.25, at_most=False)
RATE = Target("judgments/s, 8 annotators", 300, at_most=False)
PROCESSOR = Target("processor time of the server for a judgment, 8 annotators", 5, " ms")
SCALE = Target("median claim, most comparisons against fewest", 1.3)
SLOWEST = Target("claim and submit, 99th percentile, 32 annotators, SQLite", 250, " ms")
SHARES = Target("farthest from an equal share, 32 annotators, SQLite", 30, " %")
WRONG = Target("errors, lost, over what is wanted, given twice", 0)

LOOP = Table(
    "Annotating",
    (
        *("database", "stored judgments", "comparisons", "annotators", "judgments/s"),
        *("claim ms p50 / p95 / p99", "submit ms p50 / p95 / p99", "server ms/judgment"),
        *("database ms/judgment", "shares ± %"),
    ),
)
FLOOR = (
    *("database", "stored judgments", "comparisons", "bare driver, judgments/s", "ratio"),
    "HTTP alone, server ms/judgment",
)
CLAIM = ("database", "stored judgments", "comparisons", "newcomer ms", "veteran ms", "has judged")
CHECKS = (
    *("database", "stored judgments", "comparisons", "acknowledged", "errors", "lost"),
    *("over wanted", "given twice"),
)
_OVER = """SELECT count(*) FROM (
    SELECT a.comparison_id FROM assignments a JOIN comparisons c ON c.id = a.comparison_id
    WHERE a.state IN ('reserved', 'open', 'judged') AND NOT a.is_repeat
    AND a.comparison_id IN (SELECT comparison_id FROM assignments WHERE id > :assignments)
    GROUP BY a.comparison_id, c.wanted, c.surplus HAVING count(*) > c.wanted + c.surplus) AS o"""
_TWICE = """SELECT count(*) FROM (
    SELECT 1 FROM judgments WHERE is_current
    AND person_id IN (SELECT person_id FROM judgments WHERE id > :judgments)
    GROUP BY person_id, comparison_id HAVING count(*) > 1) AS t"""
_STORED = "SELECT count(*) FROM judgments WHERE id > :judgments AND is_current"


@dataclass
class Case:
    """One size of site, and what was measured on it."""

    backend: Backend
    site: Site
    plan: Plan
    judgments: int
    comparisons: int
    veteran: Annotator
    has_judged: int
    newcomer_ms: list[float] = field(default_factory=list)
    veteran_ms: list[float] = field(default_factory=list)
    runs: dict[int, list[Run]] = field(default_factory=dict)
    floors: list[float] = field(default_factory=list)
    http_ms: list[float] = field(default_factory=list)
    acknowledged: int = 0
    errors: int = 0

    @property
    def names(self) -> list[str]:
        """The back end and the size, for the table."""
        size = self.judgments, self.comparisons
        return [self.backend.name, *(f"{each:,}" for each in size)]

    @property
    def where(self) -> str:
        """The same in one text."""
        name, judgments, comparisons = self.names
        return f"{name}, {comparisons} comparisons, {judgments} stored"


def measure(backend: Backend, plan: Plan) -> Found:
    """Measure every size, the smaller ones first: the same site grows."""
    found = Found()
    for case in _cases(backend, plan):
        found.add(_measure(case))
    return found


def _cases(backend: Backend, plan: Plan) -> Iterator[Case]:
    """Yield sizes one after another: what one leaves, the next one grows from."""
    for judgments in sorted(plan.judgments):
        site = backend.with_past(judgments, SHORT)
        for comparisons in sorted(plan.comparisons):
            yield _case(backend, plan, site, comparisons)


def _case(backend: Backend, plan: Plan, site: Site, comparisons: int) -> Case:
    data.grow(site, comparisons, FULL, wanted=plan.wanted(comparisons))
    done = min(VETERAN, 9 * comparisons // 10)
    veteran = data.add_veteran(site, done)
    return Case(backend, site, plan, site.judgments, comparisons, veteran, done)


def _measure(case: Case) -> Found:
    last, plan, site = _last(case.site), case.plan, case.site
    with running(site.address, plan.folder) as server:
        _work(case, server)
        scale = list(_scale(case, server))
    found_wrong = wrong(case, last)
    crowds = [data.add_annotators(site, AT_FLOOR) for _ in range(plan.runs)]
    case.floors = [floor.rate(site, crowd, plan.seconds) for crowd in crowds]
    found = _found(case, found_wrong)
    found.verdicts += [Verdict(WRONG, case.where, [sum(found_wrong)]), *scale]
    return found


def _work(case: Case, server: Server) -> None:
    plan = case.plan
    _keep(
        case,
        run(
            case.backend,
            server,
            data.add_annotators(case.site, AT_FLOOR),
            min(WARM_S, plan.seconds),
        ),
    )
    for newcomer in data.add_annotators(case.site, plan.runs):
        case.newcomer_ms.append(_claim_ms(case, server, newcomer))
        case.veteran_ms.append(_claim_ms(case, server, case.veteran))
    for count in plan.annotators:
        for _ in range(plan.runs):
            crowd = data.add_annotators(case.site, count)
            done = _keep(case, run(case.backend, server, crowd, plan.seconds))
            case.runs.setdefault(count, []).append(done)
    crowd = data.add_annotators(case.site, AT_FLOOR)
    for _ in range(plan.runs):
        done = _keep(
            case, run(case.backend, server, crowd, plan.seconds, client.knock_for), stored=False
        )
        case.http_ms.append(done.server_ms)


def run(
    backend: Backend,
    server: Server,
    crowd: Sequence[Annotator],
    seconds: float,
    act: Callable[..., list[Worked]] = client.work_for,
) -> Run:
    """Let annotators work at once for so long."""
    tokens = [each.token for each in crowd]
    shares = [tokens[n::CLIENTS] for n in range(CLIENTS)]
    parts = [(server.port, SLUG, share, seconds) for share in shares if share]
    before = _processor_s(backend, server)
    worked = [one for some in processes.at_once(act, parts) for one in some]
    spent = [b - a for a, b in zip(before, _processor_s(backend, server), strict=True)]
    judgments = max(1, sum(each.judgments for each in worked))
    return Run(worked, *(1000 * each / judgments for each in spent))


def _processor_s(backend: Backend, server: Server) -> tuple[float, float]:
    pids = server.pid, backend.database_pid
    first, second = (processes.processor_s(each) if each else 0.0 for each in pids)
    return first, second


def _claim_ms(case: Case, server: Server, annotator: Annotator) -> float:
    one = Client(server.port, SLUG, annotator.token)
    worked = one.work(lambda: True, most=case.plan.claims)
    case.acknowledged += worked.judgments
    case.errors += worked.errors
    return percentile(worked.claims, 0.5)


def _keep(case: Case, done: Run, *, stored: bool = True) -> Run:
    case.acknowledged += done.judgments if stored else 0
    case.errors += done.errors
    return done


def _last(site: Site) -> dict[str, int]:
    """Return the highest ids."""
    return {
        table: _number(site, f"SELECT COALESCE(MAX(id), 0) FROM {table}")  # noqa: S608
        for table in ("assignments", "judgments")
    }


def wrong(case: Case, last: dict[str, int]) -> list[int]:
    """Return how many errors, lost judgments, comparisons over what is wanted, and repeats."""
    stored, over, twice = (_number(case.site, each, last) for each in (_STORED, _OVER, _TWICE))
    return [case.errors, case.acknowledged - stored, over, twice]


def _number(site: Site, query: str, given: dict[str, int] | None = None) -> int:
    with data.opened(site.address) as database, database.reading() as session:
        return int(session.scalar(sa.text(query), given or {}) or 0)


def _found(case: Case, counted: list[int]) -> Found:
    floors = Table(
        "The floor", FLOOR, [[*case.names, spread(case.floors), "–", spread(case.http_ms)]]
    )
    claimed = [spread(case.newcomer_ms), spread(case.veteran_ms), f"{case.has_judged:,}"]
    found = Found(
        [
            Table(LOOP.title, LOOP.heads, [_row(case, n, runs) for n, runs in case.runs.items()]),
            Table("Median claim, one annotator", CLAIM, [[*case.names, *claimed]]),
            floors,
            Table(
                "What must not happen",
                CHECKS,
                [[*case.names, f"{case.acknowledged:,}", *(str(each) for each in counted)]],
            ),
        ]
    )
    found.verdicts += _verdicts(case)
    if AT_FLOOR in case.runs:
        rates = statistics.median(each.rate for each in case.runs[AT_FLOOR])
        floors.rows[0][-2] = number(rates / statistics.median(case.floors))
    return found


def _row(case: Case, annotators: int, runs: Sequence[Run]) -> list[str]:
    return [
        *case.names,
        str(annotators),
        spread([each.rate for each in runs]),
        _percentiles([each.claims for each in runs]),
        _percentiles([each.submits for each in runs]),
        spread([each.server_ms for each in runs]),
        spread([each.database_ms for each in runs]) if case.backend.database_pid else "in it",
        spread([each.off_share for each in runs]),
    ]


def _percentiles(runs: Sequence[Sequence[float]]) -> str:
    """Say 50th, 95th and 99th percentile, each the median of the runs, the last with its spread."""
    middle = [statistics.median(percentile(run, each) for run in runs) for each in (0.5, 0.95)]
    last = spread([percentile(run, 0.99) for run in runs])
    return " / ".join([*(number(each) for each in middle), last])


def _verdicts(case: Case) -> Iterator[Verdict]:
    if runs := case.runs.get(AT_FLOOR):
        floor_rate = statistics.median(case.floors)
        yield Verdict(TO_FLOOR, case.where, [each.rate / floor_rate for each in runs])
        yield Verdict(RATE, case.where, [each.rate for each in runs])
        yield Verdict(PROCESSOR, case.where, [each.server_ms for each in runs])
    if (runs := case.runs.get(32)) and case.backend.name == "sqlite":
        yield Verdict(SLOWEST, case.where, [percentile(each.both, 0.99) for each in runs])
        yield Verdict(SHARES, case.where, [each.off_share for each in runs])


def _scale(case: Case, server: Server) -> Iterator[Verdict]:
    """Compare the most comparisons with the fewest, by turns: both meet the machine as it is."""
    plan, fewest = case.plan, min(case.plan.comparisons)
    if not fewest < case.comparisons == max(plan.comparisons):
        return
    few = _case(case.backend, plan, case.backend.new(), fewest)
    ratios: dict[str, list[float]] = {"newcomer": [], "veteran": []}
    with running(few.site.address, plan.folder) as beside:
        for _ in range(plan.runs):
            for who, found in ratios.items():
                small, large = (
                    _claim_ms(each, at, each.veteran if who == "veteran" else _newcomer(each))
                    for each, at in ((few, beside), (case, server))
                )
                found.append(large / small)
    case.backend.drop(few.site)
    for who, found in ratios.items():
        yield Verdict(SCALE, f"{who}, {case.where}, against {fewest:,}", found)


def _newcomer(case: Case) -> Annotator:
    return data.add_annotators(case.site, 1)[0]
