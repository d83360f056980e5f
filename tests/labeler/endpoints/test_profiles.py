"""Profiles: what an operator writes is read whole, or every bad field of it is named."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from labeler.endpoints import profiles
from labeler.endpoints.profiles import OutputUse, Place, Profile, Provider
from labeler.errors import Invalid

LEAST = {
    "name": "small",
    "provider": "llamacpp",
    "base_url": "http://localhost:8080/v1",
    "model": "any",
    "place": "on_premises",
}
WHOLE = """
name = "large"
provider = "mistral"
base_url = "https://api.mistral.ai/v1/"
model = "mistral-large-latest"
key_env = "MISTRAL_API_KEY"
place = "eu"
region = "France"
system_prompt = "Be brief."
terms_url = "https://mistral.ai/terms"
terms_seen_on = 2026-11-28
output_use = "no-competing"
output_use_basis = "Terms of service, 4.2, as our lawyer reads it"
makers = ["Mistral", "Le Chat"]

[sampling]
temperature = 0.7
max_tokens = 512
stop = ["###"]
extra = { safe_prompt = true }

[limits]
concurrent = 8
per_minute = 60

[price]
currency = "EUR"
input_per_million = 1.8
output_per_million = 5.4
"""


def refused(**changes: Any) -> dict[str, str]:
    given = LEAST | changes
    with pytest.raises(Invalid, match="cannot be used as written") as refusal:
        profiles.read({name: value for name, value in given.items() if value is not None})
    return refusal.value.fields


def test_a_profile_is_read_from_toml() -> None:
    read = profiles.parse(WHOLE)
    assert (read.provider, read.place) == (Provider.mistral, Place.eu)
    assert read.base_url == "https://api.mistral.ai/v1"
    assert read.sampling.extra == {"safe_prompt": True}
    assert (read.limits.concurrent, read.limits.timeout_s) == (8, 120)
    assert read.price.output_per_million == Decimal("5.4")
    assert read.terms_seen_on == date(2026, 11, 28)
    assert read.output_use is OutputUse.no_competing
    assert read.makers == ["Mistral", "Le Chat"]


def test_what_a_database_keeps_is_read_back_as_it_was() -> None:
    read = profiles.parse(WHOLE)
    assert Profile.model_validate(read.model_dump(mode="json")) == read
    assert Profile.model_validate_json(read.model_dump_json()) == read


def test_little_is_enough() -> None:
    read = profiles.read(LEAST)
    assert read.output_use is OutputUse.unknown
    assert read.price.input_per_million == 0
    assert read.on_premises


def test_what_is_not_toml_is_told() -> None:
    with pytest.raises(Invalid, match="This is not TOML"):
        profiles.parse("name = ")


def test_every_bad_field_is_named() -> None:
    given = {"name": "A B", "provider": "other", "place": None, "base_url": "ftp://x", "colour": 1}
    given |= {"sampling": {"temperature": "hot", "top_p": 0, "seed": -1}, "limits": {"attempts": 0}}
    given |= {"price": {"currency": "EURO", "input_per_million": -1}, "output_use": "anything"}
    assert set(refused(**given)) == {
        *("name", "provider", "place", "base_url", "colour", "output_use", "limits.attempts"),
        *("sampling.temperature", "sampling.top_p", "sampling.seed"),
        *("price.currency", "price.input_per_million"),
    }


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"place": "eu"}, "endpoint", "without https"),
        ({"provider": "azure_classic"}, "endpoint", "api_version"),
        ({"api_version": "2024-10-21"}, "endpoint", "api_version"),
        ({"key_env": "A", "key_file": "/a"}, "endpoint", "not in both"),
        ({"key_env": "LABELER_SECRET_KEY"}, "key_env", "no keys of endpoints"),
        ({"key_env": "a key"}, "key_env", "characters"),
        ({"key_file": "key.txt"}, "key_file", "characters"),
        ({"base_url": "https://user:word@example.org"}, "base_url", "without a user"),
        ({"base_url": "https://example.org/v1?key=1"}, "base_url", "question mark"),
        ({"terms_url": "javascript:alert(1)"}, "terms_url", "https://"),
        ({"sampling": {"extra": {"messages": []}}}, "sampling.extra", "messages"),
        ({"sampling": {"extra": {"stream": False}}}, "sampling.extra", "stream"),
        ({"sampling": {"temperature": float("nan")}}, "sampling.temperature", "number"),
        ({"model": ""}, "model", "fill this in"),
        ({"model": "a\nb"}, "model", "characters"),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, Any], field: str, words: str) -> None:
    fields = refused(**changes)
    assert list(fields) == [field]
    assert words in fields[field]


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "kimi-k2:cloud", "Qwen:480B-CLOUD"])
def test_a_cloud_behind_ollama_is_not_on_premises(model: str) -> None:
    assert "runs in a cloud" in refused(provider="ollama", model=model)["endpoint"]
    url = "https://ollama.example.org/v1"
    away = profiles.read(
        LEAST | {"provider": "ollama", "model": model, "place": "elsewhere", "base_url": url}
    )
    assert not away.on_premises
    assert profiles.read(LEAST | {"model": model}).on_premises, "Only Ollama means that by it."
