"""Prompts that are nearly the same in training and in testing, and what must not matter there."""

import random
from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exports.choosing.near import ALIKE, FEWEST, Prompts, signatures

TRAIN = "Explain to a child of ten why the sky is blue in the day and red in the evening."
CHINESE = "请用简单的话解释一下为什么天空是蓝色的"
BANGLA = "আকাশ কেন নীল তা একটি শিশুকে সহজ ভাষায় বুঝিয়ে বলো।"
THAI = "ทำไมท้องฟ้าจึงเป็นสีฟ้าในตอนกลางวันและเป็นสีแดงในตอนเย็น"
LETTERS = "abcçdéøßŋжקعবলক"
SPACES = st.text(" \t\n\u00a0", min_size=1, max_size=3)
POINTS = st.sampled_from(["", "", ",", "!", " …", "।", "?»", " — "])

words = st.text(LETTERS, min_size=1, max_size=4)
texts = st.lists(words, min_size=1, max_size=12).map(" ".join)
# Of few words, so that runs of three are the same often enough.
alike = st.lists(st.sampled_from("abc"), min_size=1, max_size=9).map(" ".join)
sides = st.lists(st.tuples(alike, st.booleans()), max_size=12)


def named(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def leaks(prompts: Sequence[tuple[str, bool]]) -> dict[str, str]:
    """Return the leaks among (text, for testing?), with texts for ids."""
    collected = Prompts()
    said = [text for text, _ in prompts]
    sides = [is_test for _, is_test in prompts]
    collected.add([named(text) for text in said], signatures(said), sides)
    texts = {named(text): text for text in said}
    return {texts[test]: texts[train] for test, train in collected.leaks().items()}


def leaked(test: str, train: str = TRAIN) -> bool:
    """Tell whether a prompt for testing is near one for training."""
    return leaks([(train, False), (f"{test}\n", True)]) != {}


def resemblance(one: Sequence[str], other: Sequence[str]) -> float:
    """Return Jaccard's coefficient of the runs of three words, counted out."""
    runs = [{tuple(each[at : at + 3]) for at in range(len(each) - 2)} for each in (one, other)]
    return len(runs[0] & runs[1]) / len(runs[0] | runs[1])


@pytest.mark.parametrize(
    "test",
    [
        TRAIN,
        TRAIN.upper(),
        TRAIN.replace(" ", "\n ") + " !!",
        TRAIN.replace("Explain to", "«Explain», to"),
        TRAIN + " Please.",
        "Please: " + TRAIN,
    ],
)
def test_the_same_in_other_dress_is_near(test: str) -> None:
    assert leaked(test)


@pytest.mark.parametrize(
    "test",
    [
        "Explain to a child of ten why the grass is green in spring and brown in a dry summer.",
        "Why is the sky blue in the day and red in the evening? Explain that to a child of ten.",
        " ".join(sorted(TRAIN.split())),
        TRAIN[:40],
        "",
    ],
)
def test_the_same_subject_or_the_same_words_are_not_near(test: str) -> None:
    assert not leaked(test)


@pytest.mark.parametrize(
    ("test", "train", "near"),
    [
        ("Hello?", "hello", True),
        ("Hello there", "Hello", False),
        ("What is love?", "What is  LOVE", True),
        ("What is love?", "What is life?", False),
        ("Name three large rivers", "Name three large rivers.", True),
        ("Name three large rivers", "Name three large rivers please", False),
        ("?!", "? !", True),
        ("?!", "?", False),
        ("", "  ", True),
        ("12", "13", False),
    ],
)
def test_short_prompts_are_near_only_if_equal(test: str, train: str, near: bool) -> None:
    assert leaked(test, train) is near


@pytest.mark.parametrize(
    ("test", "train", "near"),
    [
        (CHINESE, f"{CHINESE}!", True),
        (CHINESE, f"{CHINESE}。谢谢", True),
        (CHINESE, CHINESE.replace("天空", "草地").replace("蓝", "绿"), False),
        (BANGLA, BANGLA.replace("নীল", "নীল,").removesuffix("।"), True),
        (BANGLA, BANGLA.replace("একটি", "একটা").replace("বলো", "বলি"), False),
        (THAI, f"{THAI}?", True),
        ("CAFE\u0301 OU THE\u0301", "café ou thé", True),
        ("ＦＵＬＬ ｗｉｄｔｈ", "full width", True),
    ],
)
def test_every_script_has_words(test: str, train: str, near: bool) -> None:
    assert leaked(test, train) is near


@given(st.lists(st.tuples(words, POINTS, SPACES), min_size=1, max_size=20), st.booleans())
@example([("a", " …", "\n")] * FEWEST, True)
def test_nothing_that_is_equal_but_for_its_dress_is_missed(
    parts: list[tuple[str, str, str]], upper: bool
) -> None:
    plain = " ".join(word for word, _, _ in parts)
    dressed = "".join(word + point + space for word, point, space in parts)
    assert leaked(dressed.upper() if upper else dressed, plain)


@given(sides, st.randoms(use_true_random=False))
def test_the_order_of_adding_does_not_matter(
    prompts: list[tuple[str, bool]], chance: random.Random
) -> None:
    shuffled = chance.sample(prompts, len(prompts))
    assert list(leaks(shuffled).items()) == list(leaks(prompts).items())


@given(st.lists(texts, max_size=6), st.lists(texts, max_size=6))
def test_the_size_of_a_page_does_not_matter(one: list[str], other: list[str]) -> None:
    apart = np.concatenate([signatures(one), signatures(other)])
    assert signatures(one + other).tolist() == apart.tolist()


def test_texts_of_any_length_may_stand_together() -> None:
    book = " ".join(f"word{number % 70_000}" for number in range(130_000))
    mixed = ["one", book, TRAIN, book + " end", ""]
    assert signatures(mixed).tolist() == [signatures([each])[0].tolist() for each in mixed]
    assert leaked(book + " end", book)


@given(sides)
def test_the_bands_miss_nothing(prompts: list[tuple[str, bool]]) -> None:
    """Compare with every pair, one by one, by what their signatures have in common."""
    said = {text: signatures([text]).view(np.uint8) for text, _ in prompts}
    tests, trains = (
        {text for text, is_test in prompts if is_test is side} for side in (True, False)
    )
    expected = {}
    for test in tests:
        common = {train: int((said[test] == said[train]).sum()) for train in trains}
        near = {train: number for train, number in common.items() if number >= ALIKE}
        if near:
            expected[test] = min(near, key=lambda train: (-near[train], named(train)))
    assert leaks(prompts) == expected


def test_many_prompts_of_one_template_are_all_compared() -> None:
    template = "Write a short and friendly letter to a neighbour whose name is {} about the garden"
    trains = [template.format(number) for number in range(900)]
    tests = [template.format(number).upper() for number in range(1200)]
    found = leaks([(text, False) for text in trains] + [(text, True) for text in tests])
    assert all(found[test] == train for test, train in zip(tests, trains, strict=False))


def test_the_estimate_is_as_good_as_64_hashes_allow() -> None:
    """Of clear cases, counted out, 99 in 100 come out right."""
    chance = random.Random(7)
    clear: dict[bool, list[bool]] = {True: [], False: []}
    for _ in range(3000):
        one = [f"w{chance.randrange(5000)}" for _ in range(chance.randrange(FEWEST, 80))]
        other = [
            word if chance.random() > 0.08 * (len(clear[True]) > len(clear[False])) else "new"
            for word in one
        ]
        other[chance.randrange(len(one))] += "s" * chance.randrange(2)
        truth = resemblance(one, other)
        if truth >= 0.9 or truth <= 0.6:
            clear[truth >= 0.9].append(leaked(" ".join(other), " ".join(one)))
    assert min(len(clear[True]), len(clear[False])) > 500
    assert np.mean(clear[True]) > 0.99
    assert np.mean(clear[False]) < 0.01


def test_signatures_are_the_same_for_ever() -> None:
    """Else another prompt might be refused when a release is made again."""
    long, short = signatures([TRAIN, "Hello"])[:, :4].tolist()
    assert long == [2094124329, 289328272, 3411069434, 3587527419]
    assert short == [2594426852, 834549565, 3892942533, 2567411463]


def test_without_anything_on_one_side_there_is_nothing_to_leak() -> None:
    assert Prompts().leaks() == {}
    assert leaks([("a b c", True), ("A b c", True)]) == {}
    assert leaks([("a b c", False), ("A b c", False)]) == {}


def test_half_a_character_does_not_stop_it() -> None:
    assert leaked("broken \ud83d here", "Broken \ud83d here")
    assert leaked(f"{TRAIN} \udc00", f"{TRAIN} \udc00")
