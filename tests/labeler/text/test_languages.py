"""Language tags as people and files write them."""

import time

import pytest

from labeler.text import languages


@pytest.mark.parametrize(
    "tag",
    "en EN fr-CA bn-BD sw zh-Hant-TW sr-Latn es-419 de-CH-1996 sl-rozaj-biske az-Arab-x-AZE"
    " ar-u-nu-latn en-a-bbb-x-a x-private yue zh-yue und mul de-1901-x-a12".split(),
)
def test_well_formed_tags(tag: str) -> None:
    assert languages.is_tag(tag)


@pytest.mark.parametrize(
    "tag",
    [
        "", " ", "e", "english", "English", "en_US", "en-", "-en", "en--US", "en-US ", "en\n", "én",
        "en-a", "x", "x-", "x-toolongaa", "12", "en-abcdefghi", "i-klingon", "en,fr", "en-u", "কখ",
        "en-x-" + "-".join(["a"] * 60), "zh-aaa-bbb-ccc-ddd", "<script>", "a1",
    ],
)  # fmt: skip
def test_ill_formed_tags(tag: str) -> None:
    assert not languages.is_tag(tag)


def test_a_long_tag_takes_no_time() -> None:
    begun = time.process_time()
    for part in ("a-", "en-aaaaa-", "-", "1", "x-a-", "en-a-bb-"):
        assert not languages.is_tag(part * 200_000)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "tag",
    "ar AR ar-EG he iw fa fa-IR ur ps ckb dv yi sd ug syr nqo rhg ks ar-u-nu-latn az-Arab"
    " pa-Arab pa-PK uz-AF ku-IQ ff-Adlm en-Hebr ha-Arab-NG sd-PK".split(),
)
def test_languages_written_from_the_right(tag: str) -> None:
    assert languages.direction(tag) == "rtl"


@pytest.mark.parametrize(
    "tag",
    "en fr bn sw de zh-Hant ja hi ta am ar-Latn ur-Latn ku pa uz az ff ha he-Latn-IL sd-Deva"
    " en-PK en-x-arab x-arab und".split(),
)
def test_languages_written_from_the_left(tag: str) -> None:
    assert languages.direction(tag) == "ltr"


def test_names() -> None:
    assert [languages.name(tag) for tag in languages.INTERFACE] == [
        "English", "Français", "Español", "Deutsch", "Italiano", "Kiswahili", "বাংলা"
    ]  # fmt: skip
    assert languages.name("BN") == "বাংলা"
    assert languages.name("fr-CA") == "fr-CA"
    assert languages.name("ar") == "ar"
