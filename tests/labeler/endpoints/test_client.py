"""The client: each dialect is asked as it wants to be, and what it answers is one shape."""

import json
import time
from typing import Any

import pytest

from labeler.endpoints import client
from labeler.endpoints.client import Reply
from labeler.endpoints.faults import OURS, Failed, Fault
from labeler.endpoints.profiles import Profile, Sampling
from tests.dialects import AZURE, DIALECTS, HOSTED, Turn
from tests.stubs import Server

QUESTION = [{"role": "user", "content": "Why is the sky blue?"}]
SAMPLING = {"temperature": 0.7, "top_p": 0.9, "max_tokens": 50, "seed": 11, "stop": ["END"]}

every_dialect = pytest.mark.parametrize("dialect", DIALECTS)


def ask(server: Server, profile: Profile, messages: Any = None, **how: Any) -> Reply:
    key = server.key if profile.key_env else ""
    return client.ask(profile, key, messages or QUESTION, hosts=server.hosts, **how)


def fail(server: Server, profile: Profile) -> Fault:
    with pytest.raises(Failed) as failed:
        ask(server, profile)
    assert str(failed.value) == failed.value.fault.message
    return failed.value.fault


@every_dialect
def test_a_dialect_is_asked_as_its_server_wants_it(model_server: Server, dialect: str) -> None:
    reply = ask(model_server, model_server.profile(dialect, sampling=SAMPLING))
    asked = model_server.asked[0]
    seed = "random_seed" if dialect == "mistral" else "seed"
    length = "max_completion_tokens" if dialect in ("openai", "azure") else "max_tokens"
    sent = {"temperature": 0.7, "top_p": 0.9, "stop": ["END"], seed: 11, length: 50}
    assert reply.params_sent == sent
    assert {name: asked.body[name] for name in sent} == sent
    assert asked.body["messages"] == QUESTION
    assert asked.body["model"] == "some-model"
    assert len(model_server.asked) == 1


@every_dialect
def test_an_answer_is_read_from_any_dialect(model_server: Server, dialect: str) -> None:
    model_server.says("Because of Rayleigh.")
    reply = ask(model_server, model_server.profile(dialect))
    assert (reply.text, reply.thinking, reply.finish_reason) == ("Because of Rayleigh.", "", "stop")
    assert (reply.input_tokens, reply.output_tokens) == (11, 7)
    assert (reply.model_returned, reply.http_status) == ("some-model-001", 200)
    assert reply.request_id == "req-1"
    prints = {"openai": "fp_44709d6fcb", "ollama": "fp_ollama", "llamacpp": "b6123-abcdef"}
    assert reply.fingerprint == prints.get(dialect, "")
    assert not reply.unfiltered


@every_dialect
@pytest.mark.parametrize("whole", [False, True])
def test_thinking_is_kept_apart(model_server: Server, dialect: str, whole: bool) -> None:
    model_server.next(Turn(text="Blue scatters.", thinking="The user asks.", whole=whole))
    reply = ask(model_server, model_server.profile(dialect))
    assert (reply.text, reply.thinking) == ("Blue scatters.", "The user asks.")


@pytest.mark.parametrize(
    ("said", "text", "thinking"),
    [
        ("<think>\nHm.\n</think>\n\nBlue.", "Blue.", "Hm."),
        ("<think>Hm, and so on", "", "Hm, and so on"),
        ("In HTML, <think> is no tag.</think>", "In HTML, <think> is no tag.</think>", ""),
    ],
)
def test_thinking_that_a_server_leaves_in_the_answer_is_taken_out(
    model_server: Server, said: str, text: str, thinking: str
) -> None:
    model_server.says(said)
    reply = ask(model_server, model_server.profile("vllm"))
    assert (reply.text, reply.thinking) == (text, thinking)


@every_dialect
@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("length", "length"),
        ("model_length", "length"),
        ("content_filter", "content_filter"),
        ("function_call", "tool_calls"),
        ("error", "error"),
        ("eos", "other"),
    ],
)
def test_why_an_answer_ended_has_one_word(
    model_server: Server, dialect: str, finish: str, reason: str
) -> None:
    model_server.next(Turn(finish=finish))
    assert ask(model_server, model_server.profile(dialect)).finish_reason == reason


@every_dialect
@pytest.mark.parametrize("bare", [False, True])
def test_an_error_has_one_shape(model_server: Server, dialect: str, bare: bool) -> None:
    message = "Rate limit reached."
    model_server.next(Turn(status=429, code="slow_down", message=message, bare=bare))
    fault = fail(model_server, model_server.profile(dialect))
    assert (fault.status, fault.type, fault.message) == (429, "rate_limit_error", message)
    nested = dialect in ("vllm", "llamacpp") and not bare
    assert fault.code == ("429" if nested else "slow_down")
    assert fault.retryable
    assert message in fault.raw


@every_dialect
def test_a_validation_that_failed_says_where(model_server: Server, dialect: str) -> None:
    model_server.next(Turn(status=422, message="Too many.", detail=True))
    fault = fail(model_server, model_server.profile(dialect))
    assert (fault.status, fault.message) == (422, "body.stop: Too many.")
    assert not fault.retryable


@every_dialect
def test_an_error_in_the_midst_of_a_stream_is_a_fault(model_server: Server, dialect: str) -> None:
    model_server.next(Turn(error_after=3, message="The engine died."))
    fault = fail(model_server, model_server.profile(dialect))
    assert (fault.status, fault.message, fault.retryable) == (200, "The engine died.", True)


@pytest.mark.parametrize("dialect", sorted(HOSTED))
def test_a_wrong_key_is_refused_and_not_repeated(model_server: Server, dialect: str) -> None:
    wrong = "sk-this-is-a-wrong-one"
    with pytest.raises(Failed) as failed:
        client.ask(model_server.profile(dialect), wrong, QUESTION, hosts=model_server.hosts)
    fault = failed.value.fault
    assert (fault.status, fault.code, fault.retryable) == (401, "invalid_api_key", False)
    assert "Incorrect API key" in fault.message
    assert wrong not in repr(fault)


@pytest.mark.parametrize("key", ["sk-one\r\nx-evil: 1", "sk-ключ", "sk one"])
def test_a_key_that_no_header_can_carry_is_not_sent(model_server: Server, key: str) -> None:
    with pytest.raises(Failed) as failed:
        client.ask(model_server.profile("openai"), key, QUESTION, hosts=model_server.hosts)
    assert failed.value.fault.code == "bad_key"
    assert key not in repr(failed.value.fault)
    assert model_server.asked == []


@pytest.mark.parametrize("dialect", sorted(AZURE))
def test_a_filter_that_refuses_a_question_is_a_fault(model_server: Server, dialect: str) -> None:
    model_server.next(Turn(status=400, code="content_filter", message="Filtered."))
    fault = fail(model_server, model_server.profile(dialect))
    assert (fault.code, fault.message, fault.retryable) == ("content_filter", "Filtered.", False)


@pytest.mark.parametrize("dialect", sorted(AZURE))
def test_a_filter_that_cuts_an_answer_is_no_fault(model_server: Server, dialect: str) -> None:
    model_server.next(Turn(text="", finish="content_filter"))
    reply = ask(model_server, model_server.profile(dialect))
    assert (reply.text, reply.finish_reason) == ("", "content_filter")


@pytest.mark.parametrize("dialect", sorted(AZURE))
@pytest.mark.parametrize("whole", [False, True])
def test_a_filter_that_was_down_is_told(model_server: Server, dialect: str, whole: bool) -> None:
    model_server.next(Turn(unfiltered=True, whole=whole))
    assert ask(model_server, model_server.profile(dialect)).unfiltered


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Mon, 23 Nov 2026 09:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 23 Nov 2026 08:00:00 GMT"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "1e99"}, 86_400.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone(
    model_server: Server, frozen: object, headers: dict[str, str], seconds: float | None
) -> None:
    model_server.next(Turn(status=429, headers=headers))
    assert fail(model_server, model_server.profile("azure")).retry_after_s == seconds


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [
        *((400, None, False), (402, None, False), (403, None, False), (404, None, False)),
        *((408, None, True), (409, None, True), (429, None, True), (501, None, False)),
        *((500, None, True), (502, None, True), (503, None, True), (529, None, True)),
        (429, "insufficient_quota", False),
    ],
)
def test_what_is_tried_again(
    model_server: Server, status: int, code: str | None, again: bool
) -> None:
    model_server.next(Turn(status=status, code=code))
    fault = fail(model_server, model_server.profile("openai"))
    assert (fault.status, fault.retryable) == (status, again)
    assert len(model_server.asked) == 1, "It was tried again by itself."


PAGE = b"<!DOCTYPE html><title>502</title><h1>Bad Gateway</h1>"


@pytest.mark.parametrize(
    ("turn", "code", "again"),
    [
        (Turn(cut_after=3), "cut", True),
        (Turn(whole=True, cut_after=20), "cut", True),
        (Turn(finish=None), "cut", True),
        (Turn(choices=False), "empty", True),
        (Turn(choices=False, whole=True), "empty", True),
        (Turn(body=b'{"choices": [{"mess'), "not_json", True),
        (Turn(body=b"[" * 100_000), "not_json", True),
        (Turn(body=b"data: {broken\n\n", content_type="text/event-stream"), "not_json", True),
        (Turn(body=b": alive\n\ndata: [1\n", content_type="text/event-stream"), "not_json", True),
        (Turn(body=b"data: \xff\n\n", content_type="text/event-stream"), "not_json", True),
        (Turn(body=b"", content_type="text/event-stream"), "not_openai", False),
        (Turn(body=b"data: [1]\n\n", content_type="text/event-stream"), "not_openai", False),
        (Turn(body=b"[1, 2]"), "not_openai", False),
        (Turn(body=b'{"status": "ok"}'), "not_openai", False),
        (Turn(body=b'{"message": {"content": "hi"}}'), "not_openai", False),
        (Turn(body=PAGE, content_type="text/html; charset=utf-8"), "not_openai", False),
        (Turn(body=b"x" * 2**16, endless=True), "too_large", False),
        (Turn(body=b"x" * 2**16, endless=True, status=500), "too_large", False),
        (Turn(text="x" * 600_000, endless=True), "too_large", False),
        (Turn(thinking="x" * 1_000_001, whole=True), "too_large", False),
        (Turn(headers={"content-encoding": "gzip"}), "encoded", False),
        (Turn(status=302, headers={"location": "https://example.org/"}), "redirected", False),
    ],
)
def test_what_is_no_answer_is_a_fault_in_words(
    model_server: Server, turn: Turn, code: str, again: bool
) -> None:
    model_server.next(turn)
    fault = fail(model_server, model_server.profile("vllm"))
    assert (fault.type, fault.code, fault.retryable) == (OURS, code, again)
    assert fault.message.endswith(".")
    assert len(fault.raw) <= 2000
    json.dumps(fault.as_json())


def test_a_page_with_an_error_status_is_read_by_its_status(model_server: Server) -> None:
    model_server.next(Turn(status=502, body=PAGE, content_type="text/html"))
    fault = fail(model_server, model_server.profile("openai"))
    assert (fault.status, fault.retryable) == (502, True)
    assert fault.message == "The server answered with the status 502, without a word."
    assert fault.raw == PAGE.decode()


def test_a_server_that_is_silent_is_told_from_one_that_is_slow(model_server: Server) -> None:
    patient = {"timeout_s": 1, "longest_s": 5}
    profile = model_server.profile("llamacpp", limits=patient)
    model_server.next(Turn(text="ab", pace_s=0.3), Turn(wait_s=30))
    assert ask(model_server, profile).text == "ab"
    assert fail(model_server, profile).code == "silent"


def test_a_server_that_drips_is_left_in_the_end(model_server: Server) -> None:
    profile = model_server.profile("llamacpp", limits={"timeout_s": 2, "longest_s": 1})
    model_server.next(Turn(pace_s=0.4))
    began = time.monotonic()
    assert fail(model_server, profile).code == "too_slow"
    assert time.monotonic() - began < 1.8


def test_what_a_database_cannot_keep_is_not_in_a_reply(model_server: Server) -> None:
    odd = json.dumps({"role": "assistant", "content": "a\x00b\ud83d\ude00\ud800c"})
    choice = f'{{"index": 0, "finish_reason": "stop", "message": {odd}}}'
    body = '{"model": "m\\u0000", "usage": {"prompt_tokens": -1, "completion_tokens": true}'
    model_server.next(Turn(body=f'{body}, "choices": [{choice}]}}'.encode()))
    reply = ask(model_server, model_server.profile("vllm"))
    assert reply.text == "a\ufffdb\U0001f600\ufffdc"
    assert reply.model_returned == "m\ufffd"
    assert (reply.input_tokens, reply.output_tokens) == (None, None)


@pytest.mark.parametrize(
    "choices",
    ['"x"', "{}", "[1]", '[{"delta": 1, "finish_reason": 2}]', '[{"message": {"content": {}}}]'],
)
def test_nonsense_never_is_a_bug(model_server: Server, choices: str) -> None:
    model_server.next(Turn(body=f'{{"choices": {choices}, "usage": 1, "model": []}}'.encode()))
    assert fail(model_server, model_server.profile("ollama")).type == OURS


def test_the_system_prompt_goes_first_unless_there_is_one(model_server: Server) -> None:
    profile = model_server.profile("vllm", system_prompt="Be brief.")
    own = [{"role": "system", "content": "Be long."}, *QUESTION]
    ask(model_server, profile)
    ask(model_server, profile, own)
    sent = [asked.body["messages"] for asked in model_server.asked]
    assert sent == [[{"role": "system", "content": "Be brief."}, *QUESTION], own]


def test_one_call_can_be_drawn_in_another_way(model_server: Server) -> None:
    profile = model_server.profile("mistral", sampling={"temperature": 0.1})
    reply = ask(model_server, profile, sampling=Sampling(seed=4, extra={"safe_prompt": True}))
    assert reply.params_sent == {"random_seed": 4, "max_tokens": 1024, "safe_prompt": True}


def test_what_is_written_as_extra_has_the_last_word(model_server: Server) -> None:
    profile = model_server.profile(
        "azure_classic", sampling={"extra": {"max_completion_tokens": 9}}
    )
    assert ask(model_server, profile).params_sent == {"max_completion_tokens": 9}


def test_what_the_server_says_that_it_used_is_kept(model_server: Server) -> None:
    used = {"temperature": 0.8, "top_k": 40, "stop": [], "grammar": ""}
    body = {"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    body |= {"__verbose": {"generation_settings": used}}
    model_server.next(Turn(body=json.dumps(body).encode()))
    reply = ask(model_server, model_server.profile("llamacpp"))
    assert reply.params_effective == {"temperature": 0.8, "top_k": 40}


@every_dialect
def test_nothing_that_the_environment_says_leaves_or_leads_elsewhere(
    model_server: Server, monkeypatch: pytest.MonkeyPatch, dialect: str
) -> None:
    nowhere = "http://127.0.0.1:9"
    told = {
        "OPENAI_BASE_URL": nowhere,
        "OPENAI_API_KEY": "env-1",
        "OPENAI_ADMIN_KEY": "env-2",
        "OPENAI_ORG_ID": "env-3",
        "OPENAI_PROJECT_ID": "env-4",
        "OPENAI_API_VERSION": "env-5",
        "OPENAI_CUSTOM_HEADERS": "X-Env: env-6\nauthorization: Bearer env-7\nAPI-Key: env-8",
        "AZURE_OPENAI_API_KEY": "env-9",
        "AZURE_OPENAI_AD_TOKEN": "env-10",
        "AZURE_OPENAI_ENDPOINT": nowhere,
        "OPENAI_API_TYPE": "azure",
        **dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"), nowhere),
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    ask(model_server, model_server.profile(dialect))
    asked = model_server.asked[0]
    assert "env-" not in json.dumps([asked.headers, asked.body, asked.query])
    key = "api-key" if dialect == "azure_classic" else "authorization"
    about = {"host", "accept", "accept-encoding", "content-length", "content-type", "user-agent"}
    assert set(asked.headers) == {*about, key}
    assert asked.headers["user-agent"] == "labeler"
