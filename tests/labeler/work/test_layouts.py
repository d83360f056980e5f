"""What becomes a row and what is refused, in every layout, by line and field."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeler.errors import Invalid
from labeler.work.layouts import GoldIn, Layout, Message, Refused, Row, read

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not on this machine")


def pair(**changes: Any) -> dict[str, Any]:
    """Make a row of the native layout; a change to None takes the key away."""
    row = {
        "id": "pair-1",
        "prompt": "Name a river.",
        "language": "en",
        "responses": [{"text": "The Nile.", "model": "x"}, {"text": "The Oder.", "model": "y"}],
    } | changes
    return {key: value for key, value in row.items() if value is not None}


def turn(role: str, content: str = "Hello") -> dict[str, str]:
    return {"role": role, "content": content}


@pytest.fixture
def load(tmp_path: Path):
    """Write rows as lines of JSON and read them."""

    def write_and_read(*rows: object, **options: Any) -> list[Row | Refused]:
        path = tmp_path / "pairs.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return list(read(path, **options))

    return write_and_read


# Native


def test_a_row_keeps_all_that_the_file_says(load) -> None:
    [row] = load(
        pair(
            prompt=[turn("system", "Be brief."), turn("user", "Name a river.")],
            language="pt-BR",
            responses=[{"text": "Nilo", "model": "x", "seed": 7}, {"text": "Óder"}],
            gold={"better": 1, "why": "It is in Europe."},
            metadata={"topic": "rivers", "source": "kept"},
            source="a quiz",
            year=2026,
        )
    )
    assert row == Row(
        line=1,
        id="pair-1",
        messages=(
            Message(role="system", content="Be brief."),
            Message(role="user", content="Name a river."),
        ),
        language="pt-BR",
        responses=row.responses,
        gold=GoldIn(better=1, why="It is in Europe."),
        metadata={"topic": "rivers", "source": "kept", "year": 2026},
    )
    assert [(r.text, r.model, r.provenance) for r in row.responses] == [
        ("Nilo", "x", {"seed": 7}),
        ("Óder", None, {}),
    ]


@pytest.mark.parametrize(
    ("gold", "expected"),
    [
        (None, None),
        (0, GoldIn(better=0)),
        (1, GoldIn(better=1)),
        ({"better": 0}, GoldIn(better=0)),
        ({"better": 1, "why": None}, GoldIn(better=1)),
    ],
)
def test_gold_is_a_number_or_an_object(load, gold: object, expected: GoldIn | None) -> None:
    [row] = load(pair() | {"gold": gold})
    assert row.gold == expected


def test_an_id_may_be_a_number(load) -> None:
    [row] = load(pair(id=12))
    assert row.id == "12"


def test_a_row_without_language_has_the_one_that_was_given(load) -> None:
    assert load(pair(language=None))[0].language == "und"
    assert load(pair(language=None), language="sw")[0].language == "sw"
    assert load(pair(language="bn"), language="sw")[0].language == "bn"


def test_a_given_language_must_be_a_tag(load) -> None:
    with pytest.raises(Invalid, match="not a language tag"):
        load(pair(), language="Kiswahili, of course")


REFUSED = {
    "id missing": (pair(id=None), "id", '"id" is missing.'),
    "id empty": (pair(id="  "), "id", "The id is empty."),
    "id too long": (pair(id="x" * 201), "id", '"id" is longer than 200 characters.'),
    "id of another kind": (pair(id=["a"]), "id", '"id" must be text.'),
    "prompt missing": (pair(prompt=None), "prompt", '"prompt" is missing.'),
    "prompt empty": (pair(prompt=""), "prompt", "The text is empty."),
    "prompt blank": (pair(prompt="\n\u200b\u00a0\ufeff"), "prompt", "The text is empty."),
    "prompt of another kind": (pair(prompt=4), "prompt", '"prompt" must be a list.'),
    "prompt without turns": (pair(prompt=[]), "prompt", "The prompt has no turns."),
    "turn is text": (pair(prompt=["Hi"]), "prompt.0", '"prompt.0" must be an object.'),
    "unknown role": (
        pair(prompt=[turn("bot"), turn("user")]),
        "prompt.0.role",
        '"prompt.0.role" must be system, user or assistant.',
    ),
    "turn without content": (
        pair(prompt=[{"role": "user"}]),
        "prompt.0.content",
        '"prompt.0.content" is missing.',
    ),
    "turn with parts": (
        pair(prompt=[{"role": "user", "content": [{"type": "image"}]}]),
        "prompt.0.content",
        '"prompt.0.content" must be text.',
    ),
    "turn with an unknown key": (
        pair(prompt=[turn("user") | {"tool_calls": []}]),
        "prompt.0.tool_calls",
        '"prompt.0.tool_calls" is not a key that belongs here.',
    ),
    "empty turn": (
        pair(prompt=[turn("user"), turn("assistant", " "), turn("user")]),
        "prompt.1.content",
        "The text is empty.",
    ),
    "answer already in the prompt": (
        pair(prompt=[turn("user"), turn("assistant")]),
        "prompt",
        "The prompt does not end in a turn of the user.",
    ),
    "only a system turn": (
        pair(prompt=[turn("system")]),
        "prompt",
        "The prompt does not end in a turn of the user.",
    ),
    "language of another kind": (pair(language=3), "language", '"language" must be text.'),
    "language in words": (
        pair(language="in English"),
        "language",
        '"in English" is not a language tag such as en or pt-BR.',
    ),
    "responses missing": (pair(responses=None), "responses", '"responses" is missing.'),
    "responses of another kind": (
        pair(responses={"a": "b"}),
        "responses",
        '"responses" must be a list.',
    ),
    "no answers": (pair(responses=[]), "responses", "There are fewer than two answers."),
    "one answer": (
        pair(responses=[{"text": "a"}]),
        "responses",
        "There are fewer than two answers.",
    ),
    "eleven answers": (
        pair(responses=[{"text": str(number)} for number in range(11)]),
        "responses",
        "There are 11 answers; 10 at most.",
    ),
    "two of three the same": (
        pair(responses=[{"text": "a"}, {"text": "b"}, {"text": "a "}]),
        "responses",
        "Two of the answers are the same.",
    ),
    "a turn in no language": (
        pair(prompt=[{"role": "user", "content": "a", "language": "in English"}]),
        "prompt.0.language",
        '"in English" is not a language tag such as en or pt-BR.',
    ),
    "answer is text": (
        pair(responses=["a", "b"]),
        "responses.0",
        '"responses.0" must be an object.',
    ),
    "text missing": (
        pair(responses=[{"text": "a"}, {"txt": "b"}]),
        "responses.1.text",
        '"responses.1.text" is missing.',
    ),
    "text empty": (
        pair(responses=[{"text": "a"}, {"text": ""}]),
        "responses.1.text",
        "The text is empty.",
    ),
    "text blank": (
        pair(responses=[{"text": "\t\u2060 "}, {"text": "b"}]),
        "responses.0.text",
        "The text is empty.",
    ),
    "text of another kind": (
        pair(responses=[{"text": "a"}, {"text": None}]),
        "responses.1.text",
        '"responses.1.text" must be text.',
    ),
    "model of another kind": (
        pair(responses=[{"text": "a", "model": 4}, {"text": "b"}]),
        "responses.0.model",
        '"responses.0.model" must be text.',
    ),
    "same answers": (
        pair(responses=[{"text": "The Nile."}, {"text": " The Nile.\n"}]),
        "responses",
        "The two answers are the same.",
    ),
    "gold out of range": (
        pair(gold=2),
        "gold",
        "The better answer must be 0, the first, or 1, the second.",
    ),
    "gold below zero": (
        pair(gold={"better": -1}),
        "gold",
        "The better answer must be 0, the first, or 1, the second.",
    ),
    "gold is a truth value": (
        pair(gold=True),
        "gold.better",
        '"gold.better" must be a whole number.',
    ),
    "gold in words": (
        pair(gold="first"),
        "gold",
        '"gold" must be the number of the better answer, or an object with "better".',
    ),
    "gold with a typing error": (
        pair(gold={"better": 1, "because": "…"}),
        "gold.because",
        '"gold.because" is not a key that belongs here.',
    ),
    "metadata of another kind": (
        pair(metadata=["a"]),
        "metadata",
        '"metadata" must be an object.',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_line_and_field(load, case: str) -> None:
    row, field, reason = REFUSED[case]
    first, refused, last = load(pair(), row, pair(id="pair-3"))
    assert (first.line, last.line) == (1, 3)
    assert refused == Refused(2, field, reason)


def test_a_bad_first_row_does_not_decide_the_layout(load) -> None:
    refused, row = load({"id": "pair-0"}, pair())
    assert (refused.line, refused.field) == (1, "responses")
    assert "neither responses, nor chosen and rejected" in refused.reason
    assert row.id == "pair-1"


# Transcripts


def transcripts(chosen: str, rejected: str, before: str = "\n\nHuman: Hi\n\nAssistant:") -> dict:
    return {"chosen": f"{before} {chosen}", "rejected": f"{before} {rejected}"}


def test_the_prompt_of_transcripts_is_what_they_share(load) -> None:
    before = "\n\nHuman: Hi \n\nAssistant: Hello!\n\nHuman: A river?\nIn Africa.\n\nAssistant:"
    [row] = load(transcripts("The Nile.", "The Niger.", before))
    assert row.messages == (
        Message(role="user", content="Hi"),
        Message(role="assistant", content="Hello!"),
        Message(role="user", content="A river?\nIn Africa."),
    )
    assert {r.text for r in row.responses} == {"The Nile.", "The Niger."}
    assert row.gold is None


def test_known_answers_become_gold_only_when_asked(load) -> None:
    rows = [transcripts(f"Good {n}", f"Bad {n}") for n in range(40)]
    assert {row.gold for row in load(*rows)} == {None}
    golden = load(*rows, known_answers=True)
    assert all(row.responses[row.gold.better].text.startswith("Good") for row in golden)
    assert {row.gold.better for row in golden} == {0, 1}


@pytest.mark.parametrize(
    "row",
    [
        transcripts("a", "b") | {"topic": "t"},
        {
            "chosen": [turn("user", "Hi"), turn("assistant", "a")],
            "rejected": [turn("user", "Hi"), turn("assistant", "b")],
            "topic": "t",
        },
    ],
)
def test_nothing_of_a_row_tells_which_answer_was_chosen(load, row: dict[str, Any]) -> None:
    swapped = {"chosen": row["rejected"], "rejected": row["chosen"], "topic": "t"}
    [one], [other] = load(row), load(swapped)
    assert one == other
    assert one.metadata == {"topic": "t"}


TRANSCRIPTS_REFUSED = {
    "not a transcript": ({"chosen": "a", "rejected": 4}, "rejected", "must be a transcript"),
    "no turns": ({"chosen": "The Nile.", "rejected": "The Oder."}, "rejected", "share no turns"),
    "same": (transcripts("a", "a "), "rejected", "The two answers are the same."),
    "same to the letter": (transcripts("a", "a"), "rejected", "The two answers are the same."),
    "empty": (transcripts("", "b"), "chosen", "The text is empty."),
    "other question": (
        {
            "chosen": "\n\nHuman: Hi\n\nAssistant: a\n\nHuman: So?\n\nAssistant: b",
            "rejected": "\n\nHuman: Hi\n\nAssistant: a\n\nHuman: Well?\n\nAssistant: b",
        },
        "rejected",
        "differ before their last answer",
    ),
    "one goes on": (
        transcripts("a", "a\n\nHuman: So?\n\nAssistant: b"),
        "rejected",
        "differ before their last answer",
    ),
    "text before the first turn": (
        transcripts("a", "b", "Be kind.\n\nHuman: Hi\n\nAssistant:"),
        "chosen",
        'does not begin with "Human:"',
    ),
    "empty question": (
        transcripts("a", "b", "\n\nHuman:\n\nAssistant:"),
        "chosen.0.content",
        "The text is empty.",
    ),
    "two answers in a row": (
        transcripts("a", "b", "\n\nHuman: Hi\n\nAssistant: So.\n\nAssistant:"),
        "chosen",
        "does not end in a turn of the user",
    ),
}


@pytest.mark.parametrize("case", TRANSCRIPTS_REFUSED)
def test_transcripts_refused_by_line_and_field(load, case: str) -> None:
    row, field, reason = TRANSCRIPTS_REFUSED[case]
    _, refused = load(transcripts("a", "b"), row)
    assert (refused.line, refused.field) == (2, field)
    assert reason in refused.reason


# Message lists


def lists(good: str, bad: str, **changes: Any) -> dict[str, Any]:
    return {
        "chosen": [turn("user", "Hi"), turn("assistant", good)],
        "rejected": [turn("user", "Hi"), turn("assistant", bad)],
    } | changes


def test_message_lists_with_all_the_columns_of_the_real_set(load) -> None:
    zero = "0" * 64
    extra = {"prompt": "Hi", "prompt_id": zero, "messages": lists("a", "b")["chosen"]}
    extra |= {"score_chosen": 8.5, "score_rejected": 6.0, "chosen-model": "m"}
    one, other = load(lists("a", "b", **extra), lists("a", "c", **extra), known_answers=True)
    assert one.messages == (Message(role="user", content="Hi"),)
    assert one.metadata == {"prompt_id": zero}
    assert one.id != other.id
    chosen, rejected = one.responses[one.gold.better], one.responses[1 - one.gold.better]
    assert (chosen.text, chosen.model, chosen.provenance) == ("a", "m", {"score": 8.5})
    assert (rejected.text, rejected.model, rejected.provenance) == ("b", None, {"score": 6.0})


@pytest.mark.parametrize("prompt", ["Hi", [turn("user", "Hi")]])
def test_a_prompt_may_stand_apart_from_the_answers(load, prompt: object) -> None:
    apart = {"prompt": prompt, "chosen": [turn("assistant", "a")]}
    [row] = load(apart | {"rejected": [turn("assistant", "b")]})
    [joined] = load(lists("a", "b"))
    assert row == joined


LISTS_REFUSED = {
    "not a list": (lists("a", "b", rejected="b"), "rejected", "must be a list of messages"),
    "list of texts": (lists("a", "b", chosen=["a"]), "chosen", "must be a list of messages"),
    "empty list": (lists("a", "b", chosen=[]), "chosen", "must end in an answer"),
    "ends in a question": (lists("a", "b", chosen=[turn("user")]), "chosen", "must end in an"),
    "answer is no text": (
        lists("a", "b", rejected=[turn("user", "Hi"), {"role": "assistant", "content": None}]),
        "rejected",
        "must end in an answer",
    ),
    "empty answer": (lists("a", " "), "rejected", "The text is empty."),
    "same": (lists("a", "a "), "rejected", "The two answers are the same."),
    "other question": (
        lists("a", "b", rejected=[turn("user", "Ho"), turn("assistant", "b")]),
        "rejected",
        "differ before their last answer",
    ),
    "unknown role": (
        {side: [turn("human"), turn("assistant", side)] for side in ("chosen", "rejected")},
        "chosen.0.role",
        "must be system, user or assistant",
    ),
    "no prompt at all": (
        {side: [turn("assistant", side)] for side in ("chosen", "rejected")},
        "prompt",
        "The prompt has no turns.",
    ),
    "prompt apart is empty": (
        {side: [turn("assistant", side)] for side in ("chosen", "rejected")} | {"prompt": " "},
        "prompt",
        "The text is empty.",
    ),
}


@pytest.mark.parametrize("case", LISTS_REFUSED)
def test_message_lists_refused_by_line_and_field(load, case: str) -> None:
    row, field, reason = LISTS_REFUSED[case]
    _, refused = load(lists("a", "b"), row)
    assert (refused.line, refused.field) == (2, field)
    assert reason in refused.reason


def test_a_layout_that_is_named_is_not_guessed(load) -> None:
    [refused] = load(lists("a", "b"), layout=Layout.native)
    assert refused.field == "id"


# Whatever comes

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
KEYS = ["id", "prompt", "language", "responses", "gold", "metadata", "response_a", "response_b"]
rows = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys([*KEYS, "chosen", "rejected", "messages", "source"], json_values),
)


@given(rows, st.sampled_from(Layout), st.booleans())
def test_whatever_a_row_holds_it_is_taken_or_refused(tmp_path_factory, row, layout, known) -> None:
    path = tmp_path_factory.mktemp("rows") / "row.jsonl"
    path.write_bytes(json.dumps(pair() | row).encode("utf-8", "surrogatepass"))
    [found] = read(path, layout=layout, known_answers=known)
    assert found.line == 1
    if isinstance(found, Refused):
        assert found.field
        assert found.reason.endswith(".")
    else:
        json.dumps(found.metadata, allow_nan=False).encode()


# The real files


@pytest.fixture
def real() -> Iterator[Any]:
    def read_real(name: str, **options: Any) -> list[Row | Refused]:
        return list(read(DATA / name, **options))

    yield read_real


@needs_data
def test_the_real_pairs_of_two_models_hold_one_pair_of_equal_answers(real) -> None:
    found = real("mistral-large_vs_gpt-4o.jsonl")
    assert [row for row in found if isinstance(row, Refused)] == [
        Refused(263, "responses", "The two answers are the same.")
    ]
    taken = [row for row in found if isinstance(row, Row)]
    assert len(taken) == 804
    assert len({row.id for row in taken}) == 804
    assert {row.language for row in taken} == {"en"}
    assert {"koala", "vicuna"} < {row.metadata["source"] for row in taken}
    assert all(row.gold is None for row in taken)


@needs_data
@pytest.mark.parametrize(
    ("name", "count"), [("hh-layout.jsonl", 300), ("ultrafeedback-layout.jsonl", 200)]
)
def test_the_real_pairs_with_a_known_answer(real, name: str, count: int) -> None:
    taken = real(name, language="en", known_answers=True)
    raw = [json.loads(line) for line in (DATA / name).read_bytes().splitlines()]
    assert len(taken) == len({row.id for row in taken}) == count
    assert 0.35 < sum(row.gold.better for row in taken) / count < 0.65
    for row, source in zip(taken, raw, strict=True):
        better = row.responses[row.gold.better].text.strip()
        chosen = source["chosen"]
        assert (chosen if isinstance(chosen, str) else chosen[-1]["content"]).endswith(better)
        assert [turn.role for turn in row.messages] == ["user"]
    assert [row.id for row in real(name)] == [row.id for row in taken]
