"""Checking: what is wrong is said in words that help, for each thing that can be wrong."""

import socket
from typing import Any

import pytest

from labeler.endpoints import checking, client, faults
from labeler.endpoints.checking import FOUND_HERE
from labeler.endpoints.faults import OURS, Code, Failed, Fault
from labeler.endpoints.profiles import Profile
from tests.dialects import Turn
from tests.stubs import Server

QUESTION = [{"role": "user", "content": "Are you there?"}]


def explained(server: Server, profile: Profile, *listed: str, key: str = "") -> str:
    with pytest.raises(Failed) as failed:
        client.ask(profile, key or server.key, QUESTION, hosts=listed or server.hosts)
    return checking.explain(profile, failed.value.fault)


def test_every_fault_has_words_for_what_to_do(model_server: Server) -> None:
    assert set(FOUND_HERE) == {code.value for code in Code} == {c.value for c in faults.WORDS}
    profile = model_server.profile("vllm")
    for code in Code:
        fault = Fault(None, code.value, OURS, "x", retryable=False)
        assert "%" not in checking.explain(profile, fault)


@pytest.mark.parametrize(
    ("dialect", "turn", "words"),
    [
        ("openai", Turn(status=401, code="invalid_api_key"), "read from MODEL_SERVER_KEY"),
        ("vllm", Turn(status=401), "Add key_env or key_file"),
        ("openai", Turn(status=403, message="Not in France."), "It says: Not in France."),
        ("azure", Turn(status=404, code="DeploymentNotFound"), "no deployment with the name some-"),
        ("azure_classic", Turn(status=404), "or does not know the api-version"),
        ("mistral", Turn(status=404, code="1500"), "no model with the name some-model"),
        ("ollama", Turn(status=404), "`ollama pull some-model`"),
        ("azure", Turn(status=400, code="content_filter"), "The endpoint itself works"),
        ("openai", Turn(status=429, code="insufficient_quota"), "nothing left to spend"),
        ("mistral", Turn(status=402), "nothing left to spend"),
        ("mistral", Turn(status=429), "lower limits.concurrent"),
        ("mistral", Turn(status=422, detail=True, message="Bad."), "It says: body.stop: Bad."),
        ("llamacpp", Turn(status=503, message="Loading model"), "It says: Loading model"),
        ("llamacpp", Turn(status=405), "no server for chat completions"),
        ("llamacpp", Turn(body=b"<html>", content_type="text/html"), "Mostly such an address ends"),
        ("llamacpp", Turn(error_after=2, message="Out of memory."), "It says: Out of memory."),
    ],
)
def test_what_a_server_refuses_is_explained(
    model_server: Server, dialect: str, turn: Turn, words: str
) -> None:
    model_server.next(turn)
    assert words in explained(model_server, model_server.profile(dialect))


def test_where_no_server_is_reached_it_is_explained(model_server: Server) -> None:
    def at(url: str, **changes: Any) -> Profile:
        return model_server.profile("llamacpp", base_url=url, **changes)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    here, dead = f"127.0.0.1:{model_server.port}", f"127.0.0.1:{port}"
    away = at(f"https://{here}/v1", place="elsewhere")
    assert f"{here} is not on the list" in explained(model_server, away, "other.example.org")
    assert 'place = "on_premises"' in explained(model_server, away)
    assert "Is the server started" in explained(model_server, at(f"http://{dead}/v1"), dead)
    assert "does not speak https" in explained(model_server, at(f"https://{here}/v1"))
    nowhere = at("http://no-such-host.invalid/v1")
    said = explained(model_server, nowhere, "no-such-host.invalid:80")
    assert "no-such-host.invalid" in said


def test_a_server_that_is_silent_is_explained(model_server: Server) -> None:
    profile = model_server.profile("ollama", limits={"timeout_s": 1})
    model_server.next(Turn(wait_s=20))
    assert "silent for 1 seconds" in explained(model_server, profile)


def test_what_is_not_of_the_client_is_said_as_it_is(model_server: Server) -> None:
    fault = Fault(None, "key", OURS, "There is no key in X, where the profile says.", False)
    assert checking.explain(model_server.profile(), fault) == fault.message
