"""The log: one JSON line for each request, with who (by number, never by name) and how long."""

import logging
import sys
import time
import uuid
from contextlib import suppress
from typing import TextIO, cast

import structlog
from flask import Flask, Response, g, request


class _Patient:
    """Standard error, which may be a file on a full disk: no request fails for its log."""

    def write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


def init_app(app: Flask, level: str) -> None:
    """Write a line for each answered request to standard error."""
    heed(level)
    app.before_request(_begin)
    app.after_request(_write)


def heed(level: str) -> None:
    """Write what is of this level or above; one process has one log."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: structlog.PrintLogger(cast(TextIO, _Patient())),
    )


def exception(error: BaseException) -> str:
    """Write down a bug with its trace; return the number to tell people."""
    number = request_number()
    structlog.get_logger().error("bug", request=number, path=_path(), exc_info=error)
    return number


def trouble(error: BaseException) -> None:
    """Write down that the database failed and how, in one line: while it is away there are many."""
    cause = getattr(error, "orig", None) or error
    structlog.get_logger().warning(
        "trouble",
        request=request_number(),
        path=_path(),
        error=type(cause).__name__,
        code=getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None),
    )


def request_number() -> str:
    """Return this request's number, as the log shows it."""
    number: str = g.get("request_number") or uuid.uuid4().hex[:12]
    return number


def _path() -> str:
    """Return the address that was asked for, without a secret that it may carry."""
    rule = request.url_rule.rule if request.url_rule else ""
    return rule if "<secret>" in rule else request.path


def _begin() -> None:
    g.request_number = uuid.uuid4().hex[:12]
    g.began = time.perf_counter()


def _write(response: Response) -> Response:
    if request.endpoint != "static":
        structlog.get_logger().info(
            "request",
            request=request_number(),
            method=request.method,
            path=_path(),
            status=response.status_code,
            person=g.get("person_id"),
            ms=round((time.perf_counter() - g.began) * 1000, 1) if "began" in g else None,
        )
    return response
