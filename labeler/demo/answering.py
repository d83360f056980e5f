"""The demo's endpoint: a small server on this machine that speaks OpenAI's chat completions.

What answers are rules (see `labeler.demo.rules`), and it says so. It needs the standard library
alone, so that it starts at once, and ends with the process that started it.
"""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from labeler import clock
from labeler.demo import rules

HOST = "127.0.0.1"
FINGERPRINT = "demo-by-rules"
MOST_AT_ONCE = 8
MOST_BYTES = 1_000_000
MOST_MESSAGES = 500
PATIENCE_S = 10.0
WATCH_S = 0.25
"""How often it looks whether who started it is still there."""


class Refused(Exception):
    """A request that is not answered, with the status and what is wrong."""

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def listen(port: int) -> socket.socket:
    """Take a port of this machine, or a free one for 0; raises OSError if somebody has it."""
    return socket.create_server((HOST, port), backlog=128)


def start(listening: socket.socket) -> None:
    """Let a process of its own answer there; it ends when this process does."""
    fd = listening.fileno()
    subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, str(fd), str(os.getpid())],
        pass_fds=[fd],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl+C is for who started it, who ends first
    )


@contextmanager
def answering(listening: socket.socket) -> Iterator[str]:
    """Answer there while the block lasts; yield the address of the interface."""
    with _Endpoint(listening) as endpoint:
        serving = threading.Thread(target=endpoint.serve_forever, args=(0.05,), daemon=True)
        serving.start()
        try:
            yield f"http://{HOST}:{endpoint.server_address[1]}/v1"
        finally:
            endpoint.shutdown()
            serving.join()


def main(fd: int, parent: int) -> None:
    """Answer on a socket that was handed over, for as long as who did so is there."""
    with answering(socket.socket(fileno=fd)):
        while os.getppid() == parent:
            time.sleep(WATCH_S)


class _Endpoint(ThreadingHTTPServer):
    """Answers a few requests at once; the others wait where the system keeps them."""

    daemon_threads = True

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(listening.getsockname(), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._free.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave a caller who hung up alone; what else goes wrong is told where it was started."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request a connection: nobody holds a thread while they think."""

    timeout = PATIENCE_S
    server_version = FINGERPRINT
    sys_version = ""
    _ways: ClassVar[Mapping[tuple[str, str], str]] = {
        ("GET", "/v1/models"): "_models",
        ("GET", "/health"): "_health",
        ("POST", "/v1/chat/completions"): "_completion",
    }

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  it is called so
        """Say nothing: what was asked here is nobody else's business."""

    def _answer(self) -> None:
        way = self._ways.get((self.command, self.path.partition("?")[0]))
        try:
            if way is None:
                raise Refused(HTTPStatus.NOT_FOUND, "not_found", "There is nothing here.")
            self._send(HTTPStatus.OK, getattr(self, way)())
        except Refused as refused:
            kind = "invalid_request_error"
            error = {"message": refused.message, "type": kind, "param": None, "code": refused.code}
            self._send(refused.status, {"error": error})

    def _send(self, status: HTTPStatus, body: Mapping[str, Any] | str) -> None:
        kind = "text/event-stream" if isinstance(body, str) else "application/json"
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _health(self) -> dict[str, Any]:
        return {"status": "ok", "is_demo": True}

    def _models(self) -> dict[str, Any]:
        kind = {"object": "model", "created": 0, "owned_by": FINGERPRINT}
        data = [{"id": name, "description": what, **kind} for name, what in rules.MODELS.items()]
        return {"object": "list", "data": data}

    def _completion(self) -> dict[str, Any] | str:
        body = self._read()
        said = complete(body)
        return _streamed(said) if body.get("stream") else said

    def _read(self) -> Any:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            raise Refused(HTTPStatus.LENGTH_REQUIRED, "length_required", "Say how long it is.")
        if int(length) > MOST_BYTES:
            self._pass_over(int(length))
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "That is too much.")
        try:
            return json.loads(self.rfile.read(int(length)))
        except ValueError:
            raise _bad("This is no JSON.") from None

    def _pass_over(self, length: int) -> None:
        """Read what is too much, within reason: whoever still sends does not hear an answer."""
        left = min(length, 16 * MOST_BYTES)
        while left and (read := self.rfile.read(min(left, 65536))):
            left -= len(read)
        self.close_connection = True


def complete(body: Any) -> dict[str, Any]:
    """Return the completion of a request; raises Refused for one that cannot be answered."""
    model, asked, most = _understood(body)
    said = rules.answer(model, asked)
    words = said.split(" ")
    is_cut = most is not None and len(words) > most
    text = " ".join(words[:most]) if is_cut else said
    used = {"prompt_tokens": _words(asked), "completion_tokens": len(text.split())}
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "logprobs": None,
        "finish_reason": "length" if is_cut else "stop",
    }
    return {
        "id": f"chatcmpl-demo-{_digest(body)}",
        "object": "chat.completion",
        "created": int(clock.now().timestamp()),
        "model": model,
        "system_fingerprint": FINGERPRINT,
        "choices": [choice],
        "usage": {**used, "total_tokens": sum(used.values())},
    }


def _streamed(said: Mapping[str, Any]) -> str:
    """Write a completion as the events of a stream, which come at once."""
    choice, usage = said["choices"][0], said["usage"]
    around = {name: value for name, value in said.items() if name not in ("choices", "usage")}
    around["object"] = "chat.completion.chunk"
    parts = [
        *({"delta": {"content": part}} for part in choice["message"]["content"].splitlines(True)),
        {"delta": {}, "finish_reason": choice["finish_reason"]},
    ]
    parts[0]["delta"]["role"] = "assistant"
    chunks: list[Mapping[str, Any]] = [
        {**around, "choices": [{"index": 0, "finish_reason": None, **part}]} for part in parts
    ]
    chunks.append({**around, "choices": [], "usage": usage})
    events = [json.dumps(chunk, ensure_ascii=False) for chunk in chunks]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"])


def _understood(body: Any) -> tuple[str, list[str], int | None]:
    """Return which model is asked, what somebody wrote to it, and how many words it may say."""
    if not isinstance(body, dict):
        raise _bad("A request is an object.")
    model, messages = body.get("model"), body.get("messages")
    most = body.get("max_completion_tokens", body.get("max_tokens"))
    if model not in rules.MODELS:
        names = " and ".join(rules.MODELS)
        why = f"There is no model {model!r} here, only {names}."
        raise Refused(HTTPStatus.NOT_FOUND, "model_not_found", why)
    if not isinstance(messages, list) or not 0 < len(messages) <= MOST_MESSAGES:
        raise _bad("messages must be a list with at least one message.")
    if most is not None and not (isinstance(most, int) and most > 0):
        raise _bad("max_tokens must be a positive number.")
    asked = [_text(message) for message in messages if _role(message) == "user"]
    if not asked:
        raise _bad("No message has the role user.")
    return str(model), asked, most


def _role(message: Any) -> str:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in ("system", "developer", "user", "assistant"):
        raise _bad("Every message needs a role: system, user or assistant.")
    return str(role)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        content = " ".join(p.get("text", "") for p in content if isinstance(p, dict))
    if not isinstance(content, str):
        raise _bad("The content of a message must be text.")
    return content


def _bad(message: str) -> Refused:
    return Refused(HTTPStatus.BAD_REQUEST, "invalid_request", message)


def _words(texts: Sequence[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _digest(body: Mapping[str, Any]) -> str:
    asked = json.dumps([body["model"], body["messages"]], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:24]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
