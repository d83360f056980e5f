"""Answers on the page: what one reads, what cannot happen, and how long it may take."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeler.text import allowlist
from labeler.text.markdown import Words, plain, render
from tests.labeler.text.attacks import ATTACKS
from tests.labeler.text.heavy import HEAVY
from tests.labeler.text.page import read


def test_common_markdown() -> None:
    page = read(render("**bold** *soft* ~~gone~~ `x < 1`\n\n1. one\n2. two\n\n> said\n\n---"))
    tags = [tag for tag, _ in page.elements]
    assert tags == "p strong em s code ol li li blockquote p hr".split()
    assert "x < 1" in page.text


def test_lines_of_a_poem_stay_lines() -> None:
    assert render("roses\nviolets") == "<p>roses<br>\nviolets</p>\n"


def test_headings_begin_below_those_of_the_page() -> None:
    assert [tag for tag, _ in read(render("# A\n## B\n### C\n#### D\n##### E\n")).elements] == [
        "h3", "h4", "h5", "h6", "h6"
    ]  # fmt: skip
    assert render("### Only") == "<h3>Only</h3>\n"
    assert render("## A\n#### B\n") == "<h3>A</h3>\n<h4>B</h4>\n"


def test_raw_html_is_shown_as_text() -> None:
    page = read(render("<b>not bold</b>\n\n<div>\nx\n</div>"))
    assert "<b>not bold</b>" in page.text
    assert "<div>" in page.text


@pytest.mark.parametrize(
    "address", ["https://a.example/b?c=d&e=f", "http://a.example", "mailto:a@b.example"]
)
def test_links_that_may_stay(address: str) -> None:
    for text in (f"[x]({address})", f"<{address}>"):
        (link,) = read(render(text)).all("a")
        assert link == {"href": address, "rel": "noopener noreferrer nofollow"}


@pytest.mark.parametrize(
    "address", ["/work", "#a", "//a.example", "ftp://a.example", "?a", "a.html"]
)
def test_links_to_elsewhere_lose_their_address(address: str) -> None:
    page = read(render(f"[label]({address})"))
    assert "label" in page.text
    assert "href" not in str(page.elements)


def test_a_bare_address_is_text() -> None:
    assert read(render("see https://a.example")).all("a") == []


def test_images_are_named_not_loaded() -> None:
    page = read(render("![a *red* cat](https://a.example/cat.png) ![](b.png)"))
    assert page.text.strip() == "[image: a red cat] [image]"
    assert "a.example" not in str(page.elements)


def test_code_is_coloured_by_class() -> None:
    html = render("```python\ndef f():\n    return 'x'  # why\n```")
    page = read(html)
    assert page.all("pre") == [
        {"dir": "ltr", "tabindex": "0", "role": "group", "aria-label": "Code"}
    ]
    assert page.all("code") == [{"dir": "ltr", "class": "language-python"}]
    assert {"hl-k", "hl-nf", "hl-s", "hl-c"} == {span["class"] for span in page.all("span")}
    assert page.text == "def f():\n    return 'x'  # why\n\n"


@pytest.mark.parametrize("info", ["", "malbolge", "scala", "python2000", "{.python}", "a" * 5000])
def test_code_in_an_unknown_language_is_plain(info: str) -> None:
    page = read(render(f"```{info}\n  <b>\n\n```"))
    assert page.all("span") == []
    assert page.text == "  <b>\n\n\n"


def test_language_names_as_models_write_them() -> None:
    for info, name in {"Python title=a.py": "python", "C++": "cpp", "sh": "bash"}.items():
        assert read(render(f"```{info}\nx\n```")).all("code")[0]["class"] == f"language-{name}"


def test_tables_scroll_and_name_their_columns() -> None:
    page = read(render("| a | | c |\n|:--|---|--:|\n| 1 | 2 | 3 |"))
    assert page.all("div") == [
        {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": "Table"}
    ]
    assert page.all("th") == [{"scope": "col", "align": "left"}, {"scope": "col", "align": "right"}]
    assert page.all("td") == [{}, {"align": "left"}, {}, {"align": "right"}]


def test_words_in_another_language() -> None:
    words = Words(table="Jedwali", formula="Fomula", code='Msimbo "x"', image="picha")
    page = read(render("$$x^2$$\n\n|a|\n|-|\n|1|\n\n```\n1\n```\n\n![z](y)", words))
    labels = [attributes["aria-label"] for _, attributes in page.elements if "role" in attributes]
    assert labels == ["Fomula", "Jedwali", 'Msimbo "x"']
    assert "[picha: z]" in page.text


@pytest.mark.parametrize("source", ["$x^2$", r"\(x^2\)", r"\( x^2 \)", "$ \\frac12 x^2 $"])
def test_formulas_between_words(source: str) -> None:
    page = read(render(f"so {source}, yes"))
    assert page.all("math") == [{"display": "inline"}]
    assert len(page.all("msup")) == 1
    assert page.all("p") == [{}]


@pytest.mark.parametrize(
    "source",
    [
        "$$x^2$$",
        "$$\nx^2\n$$",
        "\\[\nx^2\n\n\\]",
        r"\[ x^2 \].",
        "words\n\\[ x^2 \\]\nwords",
        "words: $$x^2$$ and words",
        "- item\n  \\[\n  x^2\n  \\]",
        "> \\[\n> x^2\n> \\]",
        "\\begin{align*}\nx^2\n\\end{align*}",
    ],
)
def test_formulas_on_their_own_lines(source: str) -> None:
    page = read(render(source))
    assert page.all("math") == [{"display": "block"}]
    assert page.all("div") == [
        {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": "Formula"}
    ]
    assert "$" not in page.text
    assert "\\" not in page.text


def test_lines_of_a_formula_are_rows() -> None:
    for source in (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", r"a = b \\ c = d"):
        page = read(render(f"$${source}$$"))
        assert len(page.all("mtr")) == 2
        assert "&" not in page.text


def test_what_the_converter_does_not_know_is_said_otherwise() -> None:
    assert "≠" in read(render(r"$a \not= b$")).text
    assert "cases" not in read(render(r"$$\begin{dcases} a & b \end{dcases}\label{one}$$")).text


def test_a_long_formula_between_words_can_scroll() -> None:
    page = read(render("so $" + "+".join("abcdefghijklmnopqrstuvwxyz") + "$ it is"))
    assert page.all("span")[0]["class"] == "scroll"


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $6",
        "from $5 to $6.50",
        "$10/$20",
        "US$5 or A$7",
        "$100 (ice-maker) + $20 = $120",
        "5$ to 10$",
        "$5 to 10$",
        "$HOME/bin:$PATH",
        "$USER@$HOST",
        "${a}:${b}",
        "\\$x^2\\$",
        "$$ a lot of money $$",
        "`$x$`",
        "```\n$x^2$\n```",
        "\\[Your Name\\] of \\[1\\]",
        "a \\(not a formula\\) b",
        "$",
        "$$",
        "$$$$",
        "\\(",
        "\\[ \\]",
    ],
)
def test_money_variables_and_escapes_are_no_formulas(text: str) -> None:
    page = read(render(text))
    assert page.all("math") == []
    bare = text.replace("\\", "").replace("`", "").strip()
    assert page.text.strip() == bare


@pytest.mark.parametrize(
    "source",
    [
        r"$\frac{1$",
        r"$\left( x^2$",
        r"$$x^2^3$$",
        r"\[ \begin{matrix} a \]",
        "$" + r"\sqrt" * 300 + "$",
        "$$x^2 " + "y" * 2000 + "$$",
        r"$\def\a{\a}\a$",
        r"$\newcommand{\a}[1]{#1#1}\a{\a{x}}$",
        r"$\sideset{a}{b}{\sideset{c}{d}{e}}$",
    ],
)
def test_formulas_that_do_not_parse_show_their_source(source: str) -> None:
    page = read(render(source))
    assert page.all("math") == []
    assert page.all("code") == [{"dir": "ltr"}]
    assert page.text.strip() == source


def test_more_formulas_than_an_answer_has_show_their_source() -> None:
    page = read(render("$x^2+y^2$ " * 1000))
    assert 300 < len(page.all("math")) < 400
    assert len(page.all("code")) == 1000 - len(page.all("math"))


def test_a_formula_keeps_to_its_place() -> None:
    page = read(render(r"$\hspace{2em}\hspace{-50em}\rule{1em}{900pt}$"))
    assert page.all("mspace") == [{"width": "2em"}, {}, {"width": "1em"}]
    page = read(render(r"$\rlap{over what follows} \raise{9em}{x} \smash{y}$"))
    assert page.all("mpadded") == [{}, {}, {}]


def test_a_formula_of_spaces_can_scroll() -> None:
    page = read(render("$" + r"\hspace{4em}" * 20 + "x$"))
    assert page.all("span")[0]["class"] == "scroll"


def test_there_are_enough_attacks() -> None:
    assert len(set(ATTACKS)) >= 60


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_attacks(attack: str) -> None:
    html = render(attack)
    read(html)
    # Parsed once more it is still the same: no second reading finds another meaning.
    assert allowlist.clean(html) == html
    for inside in (f"| a |\n|-|\n| {attack} |", f"- {attack}", f"> # {attack}", f"*{attack}*"):
        read(render(inside))
    assert "\n" not in plain(attack)


@pytest.mark.parametrize(
    "html",
    [
        '<p class="btn" style="x" onclick="y" id="z">a</p>',
        "<script>a</script><style>b</style><svg><g></g></svg><form><input></form>",
        '<a href="javascript:x">a</a><a href="data:x">b</a><a href="/x">c</a>',
        '<img src="x"><iframe src="x"></iframe><object></object>',
        "<math><maction><mi>x</mi></maction><semantics><annotation-xml>y</annotation-xml>",
        '<math href="javascript:x"><mspace width="-99em"></mspace><mi mathcolor="#fff">x</mi>',
        '<code class="language-x btn hl-k scroll2">x</code>',
        '<div tabindex="5" role="alert" class="scroll bar">x</div>',
        "<math><mtext><p>x</p><mglyph></mglyph></mtext></math>",
    ],
)
def test_the_last_step_alone_would_be_enough(html: str) -> None:
    read(allowlist.clean(html))


@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY)
def test_heavy_texts_take_under_a_second(text: str) -> None:
    begun = time.process_time()
    html = render(text)
    plain(text)
    spent = time.process_time() - begun
    read(html)
    assert spent < 3  # one second on the slowest machine meant, and room for a busy one


def test_a_text_too_long_to_parse_is_shown_as_it_was_written() -> None:
    text = "# **a** <b>\n  indented\n\n" + "word " * 40_000 + "\n\nlast"
    page = read(render(text))
    assert page.elements == [("div", {"class": "lines"})]
    assert page.text.startswith("# **a** <b>\n\xa0\xa0indented\n\nword")
    assert page.text.endswith("\n\nlast\n")


@pytest.mark.parametrize("text", ["- " * 30 + "deep", "> " * 30 + "deep"])
def test_a_text_too_deep_loses_nothing(text: str) -> None:
    assert read(render(text)).text.strip() == text


def test_a_large_table_is_still_a_table() -> None:
    page = read(render("|a|b|c|d|\n|-|-|-|-|\n" + "|1|2|3|4|\n" * 1_000))
    assert len(page.all("tr")) == 1_001


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text(alphabet="*_`~[]()<>!#&;$\\|-+=:. \n\t1aé{}^\"'/", max_size=120))
def test_any_text_is_safe(text: str) -> None:
    html = render(text)
    read(html)
    assert allowlist.clean(html) == html
    assert len(plain(text, 40)) <= 40


WORD = st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(WORD, st.sampled_from([" ", "\n", "\n\n", ", ", "; "]))))
def test_plain_words_survive(pairs: list[tuple[str, str]]) -> None:
    text = "".join(word + after for word, after in pairs)
    assert read(render(text)).text.split() == text.split()
    assert plain(text, 10_000) == " ".join(text.split())


def test_plain_leaves_out_marks_and_addresses() -> None:
    text = "# Title\n\n**some** `code`, [a link](https://a.example) ![a cat](b.png)\n\n- $x^2$\n"
    assert plain(text) == "Title some code, a link a cat x^2"


def test_plain_is_text_to_be_escaped() -> None:
    assert plain("&lt;b&gt; <i>") == "<b> <i>"


@pytest.mark.parametrize(
    ("text", "limit", "line"),
    [
        ("", 10, ""),
        ("short", 10, "short"),
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two three", 8, "one two…"),
        ("abcdefghijkl", 8, "abcdefg…"),
        ("কিকিকিকিকি", 6, "কিকি…"),
        ("a\u202eb\u2066c\x07d\n\ne\u200df", 20, "abcd e\u200df"),
    ],
)
def test_plain_ends_where_one_can_read_on(text: str, limit: int, line: str) -> None:
    assert plain(text, limit) == line
