"""Known answers that those who are right elsewhere find wrong: worked by hand."""

from labeler.stats.disputes import disputed


def people(names: str, item: str, right: bool) -> list[tuple[str, str, bool]]:
    return [(name, item, right) for name in names]


def able(names: str, *, items: int = 5) -> list[tuple[str, str, bool]]:
    """Let these people be right on so many other items."""
    return [each for n in range(items) for each in people(names, f"easy-{n}", True)]


def test_what_most_reliable_people_find_wrong_is_disputed() -> None:
    assert disputed([*able("abcd"), *people("abc", "x", False), ("d", "x", True)]) == {"x"}


def test_half_of_them_is_not_most() -> None:
    answers = [*able("abcd"), *people("ab", "x", False), *people("cd", "x", True)]
    assert disputed(answers) == set()


def test_three_voices_are_too_few() -> None:
    assert disputed([*able("abc"), *people("abc", "x", False)]) == set()


def test_four_other_answers_are_too_few_to_be_heard() -> None:
    assert disputed([*able("abcd", items=4), *people("abcd", "x", False)]) == set()


def test_those_who_are_often_wrong_elsewhere_are_not_heard() -> None:
    # d has 4 of 6 others right, less than 80 %.
    answers = [*able("abcd", items=4), *people("abc", "more", True), *people("d", "more", False)]
    answers += [*people("abc", "last", True), *people("d", "last", False)]
    assert disputed([*answers, *people("abcd", "x", False)]) == set()
    assert disputed([*answers, *able("e"), *people("abcde", "x", False)]) == {"x"}


def test_an_item_that_is_wrong_takes_nobody_their_say_about_itself() -> None:
    # Each has 5 of 6 right in all, 5 of 5 without x: with x alone it would be 83 %, with y 71 %.
    answers = [*able("abcd"), *people("abcd", "x", False)]
    assert disputed(answers) == {"x"}
    # Two wrong items: on each of them the others are 5 of 6, still 80 %.
    assert disputed([*answers, *people("abcd", "y", False)]) == {"x", "y"}


def test_nothing_is_disputed_where_nothing_is_judged() -> None:
    assert disputed([]) == set()
