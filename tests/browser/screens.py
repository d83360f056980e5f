"""Pictures of the pages: `make screens` takes anew those that README and docs show.

With `ALL=DIR` it takes every page into a folder, to be looked at: narrow and wide, light and dark,
in some languages, and mirrored in one that is made up.
"""

import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

from labeler.web.locales import COOKIE
from tests import made_up
from tests.browser.conftest import launch
from tests.browser.scene import HOLDS, set_scene
from tests.browser.site import OLGA, Site
from tests.house.source import ROOT

FOLDER = ROOT / "docs" / "screens"
MENTION = re.compile(r"screens/([\w-]+)\.png")
HEIGHTS = {320: 640, 768: 1024, 1366: 900}
DRAWN = """() => [...document.querySelectorAll("[data-draw]")]
  .every((place) => place.hidden || place.querySelector("svg[aria-labelledby]"))"""
REX = "rex@demo.invalid"

Reader = Literal["nobody", "annotator", "reviewer", "owner"]


class Shot(NamedTuple):
    """A page as somebody sees it: all of it, or what a window shows at first."""

    name: str
    reader: Reader
    path: str
    whole: bool = True
    key: str = ""
    """What is pressed before the picture is taken."""


SHOTS = (
    Shot("sign-in", "nobody", "/sign-in"),
    Shot("home", "annotator", "/"),
    Shot("judging", "annotator", "/work/{work[demo]}", whole=False, key="6"),
    Shot("judging-whole", "annotator", "/work/{work[demo]}"),
    Shot("ranking", "annotator", "/work/{work[names]}"),
    Shot("criteria", "annotator", "/work/{work[closely]}"),
    Shot("finished", "annotator", "/finished"),
    Shot("judgments", "annotator", "/judgments"),
    Shot("time", "annotator", "/projects/demo/time"),
    Shot("mine", "annotator", "/projects/demo/mine"),
    Shot("account", "annotator", "/account"),
    Shot("language", "annotator", "/language"),
    Shot("reviewing", "reviewer", "/projects/demo/comparisons/{comparison_id}"),
    Shot("queue", "reviewer", "/projects/demo/review"),
    Shot("review", "reviewer", "/projects/demo/review/{review_id}"),
    Shot("signal", "reviewer", "/projects/demo/review/{signal_id}"),
    Shot("questions", "annotator", "/questions"),
    Shot("projects", "owner", "/projects"),
    Shot("form", "owner", "/projects/new"),
    Shot("dashboard", "owner", "/projects/demo"),
    Shot("quality", "owner", "/projects/demo/quality"),
    Shot("disagreements", "owner", "/projects/demo/quality/disagreements"),
    Shot("leaderboard", "owner", "/projects/demo/leaderboard"),
    Shot("known", "owner", "/projects/demo/quality/known-answers"),
    Shot("somebody", "owner", "/projects/demo/quality/people/{worker_id}"),
    Shot("behind", "owner", "/projects/demo/quality/judgments/times/5"),
    Shot("times", "owner", "/projects/demo/times"),
    Shot("people", "owner", "/projects/demo/people"),
    Shot("person", "owner", "/projects/demo/people/{person_id}"),
    Shot("comparisons", "owner", "/projects/demo/comparisons"),
    Shot("load", "owner", "/projects/demo/batches"),
    Shot("batch", "owner", "/projects/demo/batches/{batch_id}"),
    Shot("releases", "owner", "/projects/demo/releases"),
    Shot("release", "owner", "/projects/demo/releases/1"),
    Shot("missing", "owner", "/nothing-here"),
)
ANNOTATORS = dict(zip(("en", "fr", "bn", "de"), HOLDS, strict=True))
"""Who judges a text of their own language; of the one that is made up there are no texts."""
LOOKS = (*((tag, "light") for tag in (*ANNOTATORS, made_up.TAG)), ("en", "dark"))


@dataclass(frozen=True)
class Picture:
    """A page in a language and a scheme of colours, so many pixels wide."""

    shot: Shot
    language: str
    scheme: Literal["light", "dark"]
    width: int

    @property
    def name(self) -> str:
        """What its file is called; English and light go without saying."""
        usual = ("en", "light")
        said = [part for part in (self.language, self.scheme) if part not in usual]
        return "-".join((self.shot.name, *said, str(self.width)))

    @property
    def email(self) -> str:
        """Who sees it."""
        annotator = ANNOTATORS.get(self.language, ANNOTATORS["en"])
        return {"annotator": annotator, "reviewer": REX, "owner": OLGA}.get(self.shot.reader, "")


def pictures() -> list[Picture]:
    """Return every picture that can be taken."""
    every = product(SHOTS, LOOKS, HEIGHTS)
    return [Picture(shot, *look, width) for shot, look, width in every]


def shown() -> set[str]:
    """Return the names of the pictures that README and docs show."""
    papers = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    return {name for paper in papers for name in MENTION.findall(paper.read_text("utf-8"))}


class Studio:
    """A site and a browser in which pages are looked at."""

    def __init__(self, browser: Browser, site: Site, numbers: dict[str, Any]) -> None:
        self._browser = browser
        self._site = site
        self._numbers = numbers
        self._signed_in: dict[str, StorageState] = {}

    @contextmanager
    def seen(self, picture: Picture) -> Iterator[Page]:
        """Open the page as it is in the picture."""
        window: Any = {
            "viewport": {"width": picture.width, "height": HEIGHTS[picture.width]},
            "color_scheme": picture.scheme,
            "locale": "en",
            "timezone_id": "UTC",
            "reduced_motion": "reduce",
            "service_workers": "block",
            "storage_state": self._sign_in(picture.email),
        }
        with self._browser.new_context(**window) as context:
            cookie: Any = {"name": COOKIE, "value": picture.language, "url": self._site.url}
            context.add_cookies([cookie])
            page = context.new_page()
            page.goto(self._site.url + self._path(picture))
            page.wait_for_function(DRAWN)
            if picture.shot.key:
                page.keyboard.press(picture.shot.key)
            yield page

    def _path(self, picture: Picture) -> str:
        work = self._numbers["work"].get(picture.email)
        return picture.shot.path.format(**self._numbers | {"work": work})

    def _sign_in(self, email: str) -> StorageState | None:
        if email and email not in self._signed_in:
            with self._browser.new_context(locale="en") as context:
                self._site.arrive(context.new_page(), email)
                self._signed_in[email] = context.storage_state()
        return self._signed_in.get(email)


@contextmanager
def open_studio(browser: Browser, folder: Path) -> Iterator[Studio]:
    """Serve what is looked at; the folder keeps its data."""
    with set_scene(folder) as (site, numbers):
        yield Studio(browser, site, numbers)


def take(studio: Studio, wanted: Iterable[Picture], folder: Path) -> None:
    """Take pictures into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture in wanted:
        with studio.seen(picture) as page:
            if picture.shot.whole:
                _unfold(page, picture.width)
            page.screenshot(path=folder / f"{picture.name}.png")


def _unfold(page: Page, width: int) -> None:
    """Make the window as high as the page, so that what sticks to its foot stands at the end."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": height})


def main(*into: str) -> None:
    """Take the pictures that are shown, or all of them into a folder."""
    folder = Path(*into) if into else FOLDER
    wanted = [each for each in pictures() if into or each.name in shown()]
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with (
        TemporaryDirectory() as data,
        sync_playwright() as playwright,
        launch(playwright) as browser,
        open_studio(browser, Path(data)) as studio,
    ):
        take(studio, wanted, folder)
    print(f"{len(wanted)} pictures are in {folder}.")


if __name__ == "__main__":
    main(*sys.argv[1:])
