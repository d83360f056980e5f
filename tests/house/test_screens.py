"""The pictures in README and docs: each is there, can be taken anew, and is small."""

from tests.browser import screens

MOST_BYTES = 2_000_000


def test_every_picture_that_is_shown_is_kept_and_no_other() -> None:
    kept = {path.stem for path in screens.FOLDER.iterdir()}
    assert kept == screens.shown() <= {picture.name for picture in screens.pictures()}


def test_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in screens.FOLDER.iterdir()}
    assert sum(sizes.values()) < MOST_BYTES, sizes
