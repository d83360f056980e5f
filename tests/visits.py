"""A person at the pages: keeps the cookie, and sends back the token of the page it last saw."""

import html
import re
from typing import Any

import flask
from flask import Flask
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from labeler.people import accounts, sign_ins
from labeler.web import visitors

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Visit:
    """One browser, without JavaScript."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.page: TestResponse | None = None
        self.token = ""

    def get(self, path: str) -> TestResponse:
        """Look at a page."""
        return self._seen(self.client.get(path))

    def post(
        self, path: str, *, query: dict[str, str] | None = None, **fields: Any
    ) -> TestResponse:
        """Send a form with the token of the last page that had one."""
        data = {"csrf_token": self.token, **fields}
        return self._seen(self.client.post(path, data=data, query_string=query))

    def ask(self, path: str, *, query: dict[str, Any] | None = None, **fields: Any) -> TestResponse:
        """Send a form as the scripts of the pages do: the answer is JSON."""
        data = {"csrf_token": self.token, **fields}
        headers = {"Accept": "application/json"}
        return self.client.post(path, data=data, query_string=query, headers=headers)

    def sign_in(self, email: str, password: str) -> TestResponse:
        """Sign in by password."""
        self.get("/sign-in")
        return self.post("/sign-in", email=email, password=password)

    def arrive(self, email: str) -> "Visit":
        """Be signed in, as if by a link; whoever tests signing in goes there by the pages."""
        browser = self.client.environ_base["HTTP_USER_AGENT"]
        with self.app.extensions["labeler.database"].writing() as session:
            person = accounts.find(session, email)
            secret = sign_ins.start(session, person, browser=browser)
            session.commit()
        with self.app.test_request_context(headers={"User-Agent": browser}):
            visitors.welcome(person, secret)
            self.token = generate_csrf()
            answer = self.app.make_response("")
            self.app.session_interface.save_session(self.app, flask.session, answer)
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.client.set_cookie(name, value)
        return self

    def link_for(self, email: str) -> str:
        """Make a sign-in link for this person, as the command line does."""
        with self.app.extensions["labeler.database"].writing() as session:
            secret = sign_ins.make_link(session, accounts.find(session, email), by=None)
            session.commit()
        return f"/link/{secret}"

    def hidden(self, name: str) -> str:
        """Return the value of a hidden field of the page that was last seen."""
        assert self.page is not None
        return html.unescape(dict(FIELD.findall(self.page.text))[name])

    def _seen(self, answer: TestResponse) -> TestResponse:
        found = TOKEN.search(answer.text) if answer.mimetype == "text/html" else None
        if found:
            self.page, self.token = answer, html.unescape(found[1])
        return answer
