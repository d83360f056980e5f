"""Releases for consumers to read: judged over HTTP, cut by command, once for all tests."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.consumers import annotators, odd, planted, tiny
from tests.consumers.site import OWNER, Site

# Before Hugging Face's libraries are imported: they read these once.
for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
    os.environ[name] = "1"
os.environ["OMP_NUM_THREADS"] = "1"  # the model is too small to be shared out
# What they keep of a folder is found again by its path, even if another release is there by now.
_HOME = tempfile.TemporaryDirectory(prefix="consumers-")
os.environ["HF_HOME"] = _HOME.name

FORMATS = (
    *("comparisons", "dpo", "dpo_per_vote", "reward", "kto", "sft"),
    *("openai", "llamafactory", "nemo", "axolotl", "openrlhf"),
)
PROJECT = """
title = "Planted preference"
slug = "{slug}"
question = "Which answer is better?"
guidelines = "Made up to see whether a model learns from a release what people prefer."
judgments_per_comparison = {judgments}

[rubric]
steps = 7
tie = true
both_bad = true

[pay]
per_judgment = "0.35"
currency = "EUR"
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A fresh installation, served."""
    made = Site(tmp_path_factory.mktemp("site"))
    with made.serving():
        yield made


@pytest.fixture(scope="session")
def release(site: Site) -> Path:
    """A release with every format, of a project with a planted preference."""
    _open(site, "planted", planted.rows(), judgments=len(planted.ACCURACIES))
    for name in planted.ACCURACIES:
        token = site.invite("planted", name)
        opinion = partial(planted.choose, name)
        judged = annotators.judge_everything(site.port, "planted", token, opinion)
        assert judged == planted.COMPARISONS
    return _cut(site, "planted", "--test-share", "0.2")


@pytest.fixture(scope="session")
def odd_release(site: Site) -> Path:
    """A release with every format, of a project whose texts are hard on loaders."""
    _open(site, "odd", odd.rows(), judgments=1)

    def opinion(_: str, answers: tuple[str, str], steps: int) -> planted.Choice:
        return odd.choose(answers, steps)

    token = site.invite("odd", "dan")
    assert annotators.judge_everything(site.port, "odd", token, opinion) == len(odd.TEXTS)
    return _cut(site, "odd", "--test-share", "0.3")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny language model that has learnt nothing yet, and its tokenizer."""
    return tiny.make(tmp_path_factory.mktemp("model"), planted.texts())


def _open(site: Site, slug: str, rows: Iterable[dict[str, Any]], *, judgments: int) -> None:
    project, pairs = (site.folder / f"{slug}.{ending}" for ending in ("toml", "jsonl"))
    project.write_text(PROJECT.format(slug=slug, judgments=judgments))
    pairs.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    site.run("project", "create", project, "--owner", OWNER)
    site.run("batch", "load", slug, pairs)


def _cut(site: Site, slug: str, *rules: str) -> Path:
    out = site.folder / f"release-{slug}"
    formats = [argument for name in FORMATS for argument in ("--format", name)]
    site.run("release", "cut", slug, "--out", out, *formats, *rules)
    site.run("release", "verify", out)
    return out
