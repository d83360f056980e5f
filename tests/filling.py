"""Somebody who writes what they should not into every form that they come across."""

import itertools
import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import quote

from werkzeug.test import TestResponse

from labeler import clock
from tests import forms, hostile
from tests.forms import Field, Form
from tests.hostile import ACTING, NUL, STRINGS, TEXTS
from tests.visits import Visit

PASSWORD = "four plain words here"
QUOTE = "unmistakable"
USUAL = {
    "prompt": "What is this, {}?",
    "answer_1": "One thing.",
    "answer_2": "Another thing.",
    "why": "It is.",
    "comment": "I have looked at it.",
    "appeal": "It is my own work.",
    "evidence": "It stands in a book.",
    "reasons": "They have shown it.",
    "email": "person{}@example.org",
    "iban": "DE89370400440532013000",
    "name": "Person {}",
    "note": "A call.",
    "password": PASSWORD,
    "reason": "Because.",
    "rubric.criteria.0.name": "Criterion",
    "rubric.reason_tags": "Too long",
    "slug": "project-{}",
    "title": "Project {}",
    "text": "It is so.",
    "held_on": "2026-01-02",
    "participants": "Ada",
    "worker": "ada@example.org",
    "called": "model-{}",
    "base_url": "https://127.0.0.1:9/v1",
    "model": "model",
}
LISTS = {"rubric.reason_tags": 20, "rubric.marks.types": 20, "rubric.marks.severities": 5}
"""Fields with something in each line, and how many lines they take."""
TOGETHER = {"email", "password"}
ALIKE = {"sessions.sign_in": TOGETHER, "mydata.show": TOGETHER}
"""Fields of which a page does not tell that both are wrong: it would tell who is here."""
DAYS_AGO = 12
"""How many days ago nobody has worked yet; many forms ask for a minute each."""
SHORTEST = 100
"""What takes less than that is no text: what is too long for it is refused."""
Values = Callable[[Field], list[str]]


def packed(one: Field) -> list[str]:
    """Return texts for a field that hold all strings together, as many in each as it takes."""
    longest = one.longest if one.longest >= SHORTEST else math.inf
    if one.name in LISTS:
        lines = hostile.packs(STRINGS, SHORTEST, " ")
        return ["\n".join(some) for some in _batched(lines, LISTS[one.name])] + [" ".join(ACTING)]
    if one.name.endswith(".words"):
        return [", ".join(two) for two in _batched([s for s in STRINGS if "," not in s], 2)]
    if one.kind == "email":
        names = hostile.packs(["".join(text.split()) for text in STRINGS], 200, "")
        return [f"{name}@example.org" for name in names] + [" ".join(TEXTS)]
    if one.kind == "textarea":
        return [*hostile.packs(TEXTS, longest, "\n"), *NUL]
    return [*hostile.packs(STRINGS, longest, " "), " ".join(ACTING), *NUL]


def _batched(texts: list[str], number: int) -> Iterator[list[str]]:
    for begin in range(0, len(texts), number):
        yield texts[begin : begin + number]


def at_once(_field: Field) -> list[str]:
    """Return texts for a field in which nobody writes."""
    return ["\n".join(TEXTS), *NUL]


def rounds(
    form: Form, values: Values, is_meant: Callable[[Field], bool]
) -> Iterator[dict[str, str]]:
    """Yield what to write into a form, until every field, or one like it, has had all of it.

    Fields that differ in the number of their row share the texts out among them.
    """
    fields = {one.name: one for one in form.fields if is_meant(one)}
    alike = Counter(one.alike for one in fields.values())
    texts = {name: values(one) for name, one in fields.items()}
    needed = [math.ceil(len(texts[name]) / alike[one.alike]) for name, one in fields.items()]
    for number in range(max(needed, default=0)):
        row: Counter[str] = Counter()
        found = {}
        for name, one in fields.items():
            place = number * alike[one.alike] + row[one.alike]
            row[one.alike] += 1
            if place < len(texts[name]) or not number:
                found[name] = texts[name][place % len(texts[name])]
        yield found


def one_by_one(form: Form, is_meant: Callable[[Field], bool]) -> Iterator[dict[str, str]]:
    """Yield every string by itself, for all fields; of those in rows, for the first."""
    names = {one.alike: one.name for one in reversed(form.fields) if is_meant(one)}
    for text in (*TEXTS, *NUL) if names else ():
        yield dict.fromkeys(names.values(), text)


@dataclass
class Writer:
    """One person, without JavaScript; `open` shows them a page of the kind that it is asked for."""

    who: str
    visit: Visit
    open: Callable[[Visit, str], TestResponse | None]
    faults: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)
    """What was answered, by what it was the answer to."""
    seen: list[str] = field(default_factory=list)
    """The pages that there were."""
    numbers: Iterator[int] = field(default_factory=itertools.count)
    met: set[object] = field(default_factory=set)

    def fill_in(
        self, endpoint: str, way: Callable[[Form], Iterator[dict[str, str]]], *, is_spent: bool
    ) -> None:
        """Fill in every form of a page that was not met before, in each round.

        A form may be spent once it is taken: then it is filled in on another page of its kind.
        """
        for form in self._forms(endpoint):
            if form.kind in self.met:
                continue
            self.met.add(form.kind)
            for values in way(form):
                found = self._forms(endpoint) if is_spent else [form]
                fresh = next((one for one in found if one.kind == form.kind), None)
                if fresh is None:
                    self.faults.append(f"{self.who}, {endpoint}: no {form.kind} any more")
                else:
                    self.insist(endpoint, fresh, values)

    def _forms(self, endpoint: str) -> list[Form]:
        page = self.open(self.visit, endpoint)
        if page is not None and endpoint not in self.seen:
            self.seen.append(endpoint)
        found = forms.read(page.text) if page is not None else []
        for form in found:
            form.action = form.action or page.request.path
        return found

    def insist(self, endpoint: str, form: Form, values: dict[str, str]) -> None:
        """Send a form; send it again without what it is refused for, as long as there is more."""
        usual = self._usual(form)
        left = {name: value for name, value in values.items() if name in usual}
        while left:
            answer = self._send(form, usual | left)
            where = f"{self.who}, {endpoint}, {form.method} {form.action}"
            if answer.mimetype == "text/html":
                self.pages[f"{where} {len(self.pages)}"] = answer.text
            if self.who != "nobody" and "/sign-in" in (answer.location or ""):
                self.faults.append(f"{where}: signed out")
            if answer.status_code < 400:
                return
            wrong = (forms.blamed(answer.text) | ALIKE.get(endpoint, set())) & left.keys()
            if answer.status_code >= 500 or not wrong:
                self.faults.append(f"{where}: {answer.status_code}, not at any of {[*left]}")
                return
            for name in wrong:
                del left[name]

    def _usual(self, form: Form) -> dict[str, str]:
        """Return a form filled in as it is meant."""
        found, number = form.sent, next(self.numbers)
        found.pop("for_qualification", None)  # our rows have no known answer
        for name, value in found.items():
            usual = QUOTE if name.endswith(".quote") else USUAL.get(name, "")
            found[name] = value or usual.format(f"{self.who}{number}")
        if "edit.A" in found:
            found["edit.A"] += " Better."
        return found | (_minute(number) if "ended_at" in found else {})

    def _send(self, form: Form, values: dict[str, str]) -> TestResponse:
        client = self.visit.client
        if form.method == "get":
            return client.get(form.action, query_string=values)
        files = [one.name for one in form.fields if one.kind == "file"]
        if not files:
            return client.post(form.action, data=values)
        number = next(self.numbers)
        names = {name: values.pop(name) or f"rows-{number}" for name in files}
        content = row(f"{self.who}{number}")
        if form.action.endswith("/prompts"):
            content = _unanswered(content)
        body = b"".join([*_parts(values), *_file_parts(names, content), END])
        return client.post(
            form.action, data=body, content_type=f"multipart/form-data; boundary={BOUNDARY}"
        )


def _unanswered(row: str) -> str:
    """Return a row as a prompt that models are yet to answer."""
    return json.dumps({key: value for key, value in json.loads(row).items() if key != "responses"})


def _minute(number: int) -> dict[str, str]:
    """Return a minute of the last days, which nobody has worked in yet."""
    first = (clock.now() - timedelta(days=DAYS_AGO)).replace(hour=0, minute=0)
    start = first + timedelta(minutes=number)
    end = start + timedelta(minutes=1)
    return {
        "day": f"{start:%Y-%m-%d}",
        "started_at": f"{start:%H:%M}",
        "ended_at": f"{end:%H:%M}",
    }


BOUNDARY = "between"
END = f"--{BOUNDARY}--\r\n".encode()


def _parts(values: Mapping[str, str]) -> Iterator[bytes]:
    for name, value in values.items():
        yield f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        yield value.encode() + b"\r\n"


def _file_parts(names: Mapping[str, str], content: str) -> Iterator[bytes]:
    """Yield files whose names are written so that they may hold anything."""
    for field_name, name in names.items():
        told = f"filename*=UTF-8''{quote(f'{name}.jsonl', safe='')}"
        head = f'Content-Disposition: form-data; name="{field_name}"; {told}'
        yield f"--{BOUNDARY}\r\n{head}\r\n\r\n{content}\r\n".encode()


def row(name: str) -> str:
    """Return a comparison, as a line of a file, every word of which is hostile."""
    everything = "\n".join(TEXTS)
    names = hostile.packs(STRINGS, 190, " ")
    said = names[sum(map(ord, name)) % len(names)]
    answers = (f"{everything}\n\n{QUOTE} {name}", f"{QUOTE}\n\n{everything}")
    return json.dumps(
        {
            "id": f"{name} {said}"[:200],
            "prompt": [{"role": "user", "content": f"{everything}\n{name}"}],
            "language": "en",
            "responses": [{"text": text, "model": said} for text in answers],
            "metadata": {said: said},
        }
    )


def file(number: int) -> bytes:
    """Return so many of them."""
    return "\n".join(row(f"row{n}") for n in range(number)).encode()
