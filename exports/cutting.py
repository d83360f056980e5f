"""Cutting: from judgments to a folder of files, all of them or none.

First the judgments are read page by page and what becomes of each comparison is decided; rows and
reasons wait on disk. Then they are written in the order of their ids, which are hashes, so that
nothing shows in which order they were loaded. Memory stays the same however many there are.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from exports import candidates, folders, manifests, surveys
from exports.candidates import Candidate
from exports.cards import dataset_card
from exports.formats import dpo
from exports.manifests import Counts, LeftOutEntry, Manifest, ProjectEntry
from exports.pairs import WORDS, LeftOut, Reason
from exports.releases import Cut
from exports.sorting import Sorter
from exports.splits import split_of
from exports.surveys import Survey
from labeler.errors import Invalid
from labeler.people import remarks
from labeler.schema import Reading

LISTED = 10_000
"""Most comparisons left out that the manifest lists itself."""
LEFT_OUT_FILE = "left_out.jsonl"


@dataclass
class _Tally:
    comparisons: int = 0
    agreement: float = 0.0
    """Sum over the rows."""
    splits: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    reasons: Counter[Reason] = field(default_factory=Counter)

    def counts(self, survey: Survey) -> Counts:
        pairs = self.splits.total()
        return Counts(
            comparisons=self.comparisons,
            judgments=survey.judgments,
            people=len(survey.people),
            pairs=pairs,
            left_out=self.reasons.total(),
            mean_agreement=self.agreement / pairs,
            splits=dict(sorted(self.splits.items())),
            languages=dict(sorted(self.languages.items())),
            reasons={reason: self.reasons[reason] for reason in Reason if self.reasons[reason]},
        )


@contextmanager
def staged(cut: Cut, reading: Reading, target: Path) -> Iterator[Manifest]:
    """Write a release, yield its manifest, and put it at `target` after the block.

    The block records it. If anything fails, here or there, nothing is left. Raises Conflict if
    there is something at the target, Invalid if there is nothing to release.
    """
    with folders.whole(target) as folder:
        yield write(cut, reading, folder)


def write(cut: Cut, reading: Reading, folder: Path) -> Manifest:
    """Write all files of a release into an empty folder; raises Invalid."""
    survey, tally = Survey(), _Tally()
    with Sorter(folder / ".rows") as waiting, Sorter(folder / ".left-out") as left_out:
        for outcome in candidates.judge(cut, reading, survey):
            tally.comparisons += 1
            if isinstance(outcome, Candidate):
                waiting.add(outcome.pair_id, outcome.record)
            else:
                _leave_out(left_out, tally, outcome)
        written = _write_rows(cut, folder, waiting, left_out, tally)
        listed = _write_left_out(folder, left_out)
    counts = tally.counts(survey)
    _write_card(cut, reading, folder, survey, counts)
    manifest = Manifest(
        format=manifests.FORMAT,
        software=cut.software,
        project=ProjectEntry(slug=cut.slug, title=cut.title, question=cut.question),
        release=cut.number,
        cut_at=cut.mark.cut_at,
        last_judgment_id=cut.mark.last_judgment_id,
        criteria=cut.criteria,
        counts=counts,
        left_out=listed,
        left_out_file=LEFT_OUT_FILE if listed is None else None,
        files=manifests.entries(folder, written),
    )
    manifests.write(folder, manifest)
    return manifest


def _write_rows(
    cut: Cut, folder: Path, waiting: Sorter, left_out: Sorter, tally: _Tally
) -> dict[Path, int]:
    groups = ([Candidate.read(record) for record in group] for group in waiting.groups())
    with dpo.Writer(folder) as writer:
        for outcome in candidates.settle(groups):
            if isinstance(outcome, LeftOut):
                _leave_out(left_out, tally, outcome)
                continue
            split = split_of(outcome.prompt_id, cut.criteria.test_share)
            writer.add(outcome.line, split)
            tally.splits[split] += 1
            tally.languages[outcome.language] += 1
            tally.agreement += outcome.agreement
        if not tally.splits:
            raise _nothing(tally)
        return writer.finish()


def _leave_out(left_out: Sorter, tally: _Tally, one: LeftOut) -> None:
    tally.reasons[one.reason] += 1
    key = hashlib.sha256(one.external_id.encode()).hexdigest()
    left_out.add(key, json.dumps([one.external_id, one.reason.value, one.n_votes]).encode())


def _write_left_out(folder: Path, left_out: Sorter) -> tuple[LeftOutEntry, ...] | None:
    """Return what was left out, by id; or write it to a file of its own and return None."""
    entries = (
        LeftOutEntry(id=one, reason=Reason(reason), n_votes=n_votes)
        for group in left_out.groups()
        for one, reason, n_votes in map(json.loads, group)
    )
    first = list(islice(entries, LISTED + 1))
    if len(first) <= LISTED:
        return tuple(sorted(first, key=lambda entry: entry.id))
    with (folder / LEFT_OUT_FILE).open("w", encoding="utf-8", newline="\n") as file:
        for some in (first, entries):
            for entry in some:
                line = json.dumps(entry.model_dump(mode="json"), ensure_ascii=False)
                file.write(line + "\n")
    return None


def _write_card(cut: Cut, reading: Reading, folder: Path, survey: Survey, counts: Counts) -> None:
    with reading() as session:
        pay = surveys.paid(session, cut.project_id, cut.mark)
        scales = surveys.scales(session, cut.project_id, survey.rubrics)
        remark = remarks.statement_of(session, cut.project_id, cut.mark.cut_at)
    text = dataset_card.text(cut, counts, survey, pay=pay, scales=scales, remark=remark)
    (folder / dataset_card.NAME).write_bytes(text.encode())


def _nothing(tally: _Tally) -> Invalid:
    found = tally.reasons.most_common()
    why: dict[str, str] = {WORDS[reason]: f"{count:,}" for reason, count in found}
    return Invalid("There is nothing to release: no pair is left by these rules.", fields=why)
