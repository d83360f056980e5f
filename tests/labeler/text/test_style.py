"""The looks of answers, counted; where both can tell, as a parser of Markdown counts them."""

from collections import Counter

import pytest
from markdown_it import MarkdownIt

from labeler.text.style import Style, style

ANSWER = """# Plan

Some **bold words** and __more__ of them.

* one
* two
  1. inner **first**
  2. inner second

## After

```python
# a comment, no header
- not an item
**kwargs and **options**
```
the end
"""


def parsed(text: str) -> Style:
    tokens = MarkdownIt("commonmark").parse(text)
    kinds = Counter(token.type for token in tokens)
    bold = sum(child.type == "strong_open" for t in tokens for child in t.children or ())
    return Style(len(text), kinds["heading_open"], kinds["list_item_open"], bold)


def test_an_answer_with_everything() -> None:
    assert style(ANSWER) == Style(len(ANSWER), headers=2, lists=4, bold=3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words",
        ANSWER,
        "#hashtag is no header, #\n#",
        "2 * 3 * 4 and 2**x",
        "- **a**: b\n- **c_d**: e\n",
        "***both*** kinds",
        "* a list\n* of *two*",
        "1) first\n2) second",
        "-no item\n1.5 is a number",
        "~~~\n# code\n~~~\n# header",
        "````\n```\n# code\n````\n# header",
        "```\n# code until the end",
        "```inline``` code\n\n# header",
        "snake__case__word",
        "** spaced ** is not bold",
    ],
)
def test_the_usual_is_counted_as_a_parser_does(text: str) -> None:
    assert style(text) == parsed(text)


@pytest.mark.parametrize("piece", ["**a ", "__a ", "- ", "# ", "```", "~~~\n", "*", "_", " ", "1"])
def test_hostile_texts_are_counted_too(piece: str) -> None:
    text = piece * 100_000
    assert style(text).length == len(text)
