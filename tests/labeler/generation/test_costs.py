"""Estimates: by language, by currency, and never more than an endpoint may write."""

from typing import Any

import pytest

from labeler.endpoints import profiles
from labeler.endpoints.registry import Endpoint
from labeler.generation import costs
from labeler.generation.prompts import Size


def endpoint(name: str, **changes: Any) -> Endpoint:
    given = {
        "name": name,
        "provider": "vllm",
        "base_url": "http://127.0.0.1:9/v1",
        "model": "m",
        "place": "on_premises",
    }
    profile = profiles.read(given | changes)
    return Endpoint(name=name, version=1, profile=profile.model_dump(mode="json"))


def price(given: str, drawn: str, currency: str = "EUR") -> dict[str, Any]:
    told = {"currency": currency, "input_per_million": given, "output_per_million": drawn}
    return {"price": told}


def test_a_worked_example() -> None:
    """1,000 prompts of 400 characters in English, at 2 and 6 euros for a million tokens."""
    sizes = {"en": Size(prompts=1000, messages=1000, characters=400_000)}
    [found] = costs.estimate([endpoint("a", **price("2", "6"))], sizes, 1)
    rate, around, answer = costs.TOKENS["en"], costs.AROUND, costs.ANSWER
    low = (400 * rate.low + around.low) * 2 + answer.low * rate.low * 6
    high = (400 * rate.high + around.high) * 2 + answer.high * rate.high * 6
    assert (found.currency, found.calls) == ("EUR", 1000)
    assert found.low_micro == pytest.approx(1000 * low, abs=2)
    assert found.high_micro == pytest.approx(1000 * high, abs=2)
    assert 0.5e6 < found.low_micro < found.high_micro < 10e6


def test_samples_and_currencies() -> None:
    sizes = {"sw": Size(10, 10, 1000)}
    paid = [endpoint("a", **price("1", "1")), endpoint("b", **price("1", "1", "USD"))]
    once = costs.estimate([*paid, endpoint("free")], sizes, 1)
    assert [each.currency for each in once] == ["EUR", "USD"]
    assert once[0].low_micro == once[1].low_micro
    thrice = costs.estimate(paid, sizes, 3)
    assert thrice[0].high_micro == pytest.approx(3 * once[0].high_micro, abs=3)
    assert costs.estimate([endpoint("free")], sizes, 1) == []


def test_no_answer_is_longer_than_it_may_be() -> None:
    sizes = {"en": Size(10, 10, 0)}
    short = endpoint("a", sampling={"max_tokens": 5}, **price("0", "1"))
    [found] = costs.estimate([short], sizes, 1)
    assert (found.low_micro, found.high_micro) == (50, 50)


def test_what_an_endpoint_says_before_each_prompt_is_paid_for() -> None:
    sizes = {"en": Size(10, 10, 0)}
    said = endpoint("a", system_prompt="x" * 1000, **price("1", "0"))
    [found] = costs.estimate([said], sizes, 1)
    assert found.low_micro >= 10 * 1000 * costs.TOKENS["en"].low


@pytest.mark.parametrize(
    ("micro", "units"), [(0, "0.0000"), (1234, "0.0012"), (999_999, "1.0000"), (5_128_000, "5.13")]
)
def test_amounts_have_as_many_digits_as_say_something(micro: int, units: str) -> None:
    assert str(costs.units(micro)) == units
