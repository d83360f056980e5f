"""The demo's endpoint over real HTTP: what it speaks, what it refuses, and that it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from labeler.demo import answering, rules

SAID = [{"role": "user", "content": "What is 7 times 8?"}]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The endpoint, answering."""
    with answering.answering(answering.listen(0)) as url:
        yield url


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[openai.OpenAI]:
    """The client with which others call it."""
    with openai.OpenAI(base_url=url, api_key="any", max_retries=0, timeout=10) as client:
        yield client


def post(url: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Send a request as it is; return the status and what was said."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 0, timeout=10)
    try:
        connection.request("POST", f"{parts.path}/chat/completions", body, dict(headers))
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_completion_says_that_it_is_a_demo_by_rules(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(model="demo-careful", messages=SAID)  # type: ignore[arg-type]
    assert said.choices[0].message.content == "The result is **56**: 7 × 8 = 56."
    assert said.choices[0].finish_reason == "stop"
    assert (said.model, said.system_fingerprint) == ("demo-careful", "demo-by-rules")
    assert said.usage is not None
    assert said.usage.total_tokens == said.usage.prompt_tokens + said.usage.completion_tokens > 0


def test_a_stream_has_the_same_answer_in_parts(client: openai.OpenAI) -> None:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    asked = [{"role": "user", "content": "Hello!"}]
    stream = client.chat.completions.create(model="demo-careful", messages=asked, **options)  # type: ignore[call-overload]
    chunks = list(stream)
    texts = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert "".join(texts) == rules.answer("demo-careful", ["Hello!"])
    assert [c.finish_reason for chunk in chunks for c in chunk.choices][-1] == "stop"
    assert {chunk.system_fingerprint for chunk in chunks} == {"demo-by-rules"}
    assert chunks[-1].usage.completion_tokens > 0


def test_the_same_question_brings_the_same_answer(client: openai.OpenAI) -> None:
    def ask(model: str) -> tuple[str, str | None]:
        said = client.chat.completions.create(model=model, messages=SAID, seed=1, temperature=2)  # type: ignore[arg-type]
        return said.id, said.choices[0].message.content

    assert ask("demo-careful") == ask("demo-careful")
    assert ask("demo-careful") != ask("demo-hasty")


def test_an_answer_that_is_too_long_is_cut_and_says_so(client: openai.OpenAI) -> None:
    said = client.chat.completions.create(model="demo-careful", messages=SAID, max_tokens=3)  # type: ignore[arg-type]
    assert said.choices[0].message.content == "The result is"
    assert said.choices[0].finish_reason == "length"


def test_its_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == list(rules.MODELS)


def test_content_in_parts_and_a_conversation_are_understood(client: openai.OpenAI) -> None:
    parts = [{"type": "text", "text": "Wie viel ist"}, {"type": "text", "text": "6 mal 7?"}]
    messages = [
        {"role": "system", "content": "Who are you? What is 1 + 1?"},
        *SAID,
        {"role": "assistant", "content": "56"},
        {"role": "user", "content": parts},
    ]
    said = client.chat.completions.create(model="demo-hasty", messages=messages)  # type: ignore[arg-type]
    assert said.choices[0].message.content == "42"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_request"),
        (b"[]", 400, "invalid_request"),
        (json.dumps({"model": "gpt", "messages": SAID}).encode(), 404, "model_not_found"),
        (b'{"model": "demo-hasty"}', 400, "invalid_request"),
        (b'{"model": "demo-hasty", "messages": []}', 400, "invalid_request"),
        (b'{"model": "demo-hasty", "messages": ["x"]}', 400, "invalid_request"),
        (b'{"model": "demo-hasty", "messages": [{"role": "user"}]}', 400, "invalid_request"),
        (
            b'{"model": "demo-hasty", "messages": [{"role": "system", "content": ""}]}',
            400,
            "invalid_request",
        ),
        (b" " * 1_000_001, 413, "too_large"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_openais_shape(
    url: str, body: bytes, status: int, code: str
) -> None:
    answered, said = post(url, body)
    assert (answered, said["error"]["code"]) == (status, code)
    assert said["error"]["message"]


def test_who_says_no_length_or_waits_is_no_harm_to_others(url: str, client: openai.OpenAI) -> None:
    assert post(url, b"", **{"Content-Length": "all of it"})[0] == 411
    parts = urlsplit(url)
    idle = [HTTPConnection(parts.hostname or "", parts.port or 0) for _ in range(4)]
    for connection in idle:
        connection.connect()
    test_its_models_are_listed(client)
    for connection in idle:
        connection.close()


def test_many_at_once_are_all_answered(client: openai.OpenAI) -> None:
    threads = [
        threading.Thread(target=test_its_models_are_listed, args=(client,)) for _ in range(24)
    ]
    found: list[BaseException] = []
    before, threading.excepthook = threading.excepthook, lambda args: found.append(args.exc_value)  # type: ignore[assignment,arg-type,return-value]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        threading.excepthook = before
    assert found == []


STARTER = """
import sys, time
from labeler.demo import answering
listening = answering.listen(0)
answering.start(listening)
print(listening.getsockname()[1], flush=True)
listening.close()
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_whoever_started_it(how: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True, env=os.environ
    ) as starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline())
        assert post(f"http://127.0.0.1:{port}/v1", b"{")[0] == 400
        starter.send_signal(how)
    assert is_left(port)


def is_left(port: int) -> bool:
    """Tell whether nothing answers on the port any more, within a few seconds."""
    for _ in range(100):
        try:
            post(f"http://127.0.0.1:{port}/v1", b"{")
        except OSError:
            return True
        time.sleep(0.05)
    return False
