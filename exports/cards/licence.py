"""The licence of a release: LICENSE says which, whose, and what else may bind whoever uses it."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

NAME = "LICENSE"
NOBODY = "the makers of this dataset"
"""Who gives a licence where nobody was named."""
WIDTH = 80


@dataclass(frozen=True)
class Licence:
    """A licence that we know: its short name in SPDX's list, its name, and where its text is."""

    spdx: str
    name: str
    url: str
    gist: str
    """In a sentence or two what it asks; the text itself decides."""


@dataclass(frozen=True)
class Model:
    """A model whose answers are in a release, and under what terms; "" where nobody wrote that."""

    name: str
    terms: str = ""


USES = MappingProxyType(
    {
        "unrestricted": "no terms restrict what its answers are used for",
        "no-competing": "its answers may not be used to train models that compete with it",
        "name-prefix": "models that are trained with its answers must bear its name",
        "research-only": "its answers may be used for research only",
    }
)
"""What may be done with what a model wrote, by the word for it in provenance (`output_use`)."""
_CREDIT = "must name the licensor, link to the licence and say what they changed"
KNOWN = MappingProxyType(
    {
        "cc0-1.0": Licence(
            "CC0-1.0",
            "Creative Commons Zero 1.0 Universal",
            "https://creativecommons.org/publicdomain/zero/1.0/",
            "As far as the law allows, the licensor gives up all rights in this dataset: anybody "
            "may use it for any purpose without asking.",
        ),
        "cc-by-4.0": Licence(
            "CC-BY-4.0",
            "Creative Commons Attribution 4.0 International",
            "https://creativecommons.org/licenses/by/4.0/",
            f"Anybody may share and adapt this dataset for any purpose; they {_CREDIT}.",
        ),
        "cc-by-sa-4.0": Licence(
            "CC-BY-SA-4.0",
            "Creative Commons Attribution-ShareAlike 4.0 International",
            "https://creativecommons.org/licenses/by-sa/4.0/",
            f"Anybody may share and adapt this dataset for any purpose; they {_CREDIT}, and share "
            "what they made of it under the same licence.",
        ),
        "cc-by-nc-4.0": Licence(
            "CC-BY-NC-4.0",
            "Creative Commons Attribution-NonCommercial 4.0 International",
            "https://creativecommons.org/licenses/by-nc/4.0/",
            "Anybody may share and adapt this dataset, but not primarily for commercial advantage "
            f"or money; they {_CREDIT}.",
        ),
        "odbl-1.0": Licence(
            "ODbL-1.0",
            "Open Data Commons Open Database License 1.0",
            "https://opendatacommons.org/licenses/odbl/1-0/",
            "Anybody may share, adapt and make works from this database; they must name it, share "
            "what they made of the database under the same licence, and keep it open. The licence "
            "is of the collection, not of each text in it.",
        ),
        "odc-by-1.0": Licence(
            "ODC-By-1.0",
            "Open Data Commons Attribution License 1.0",
            "https://opendatacommons.org/licenses/by/1-0/",
            "Anybody may share, adapt and make works from this database; they must name it. The "
            "licence is of the collection, not of each text in it.",
        ),
        "apache-2.0": Licence(
            "Apache-2.0",
            "Apache License 2.0",
            "https://www.apache.org/licenses/LICENSE-2.0",
            "Anybody may use, change and share this dataset for any purpose; they must pass on the "
            "licence and the notices, and say what they changed. It comes without any warranty.",
        ),
        "mit": Licence(
            "MIT",
            "MIT License",
            "https://spdx.org/licenses/MIT.html",
            "Anybody may use, change and share this dataset for any purpose; they must pass on the "
            "text below.",
        ),
    }
)
"""By short names in lower case."""
_AS_HUGGING_FACE_SAYS = {"odbl": "odbl-1.0", "odc-by": "odc-by-1.0"}
_MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and \
associated documentation files (the "Software"), to deal in the Software without restriction, \
including without limitation the rights to use, copy, modify, merge, publish, distribute, \
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is \
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or \
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT \
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND \
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, \
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT \
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""


def find(licence: str) -> Licence | None:
    """Return the licence of this short name, in whatever case; None if we do not know it."""
    name = licence.lower()
    return KNOWN.get(_AS_HUGGING_FACE_SAYS.get(name, name))


def model(name: str, *, output_use: str, licence: str | None, terms_url: str | None) -> Model:
    """Put into words what provenance says of a model's terms."""
    own = f"its own licence is {licence}" if licence else ""
    return Model(name, "; ".join(filter(None, (USES.get(output_use), own, terms_url))))


def text(
    licence: str, *, title: str, release: int, year: int, licensor: str, models: Iterable[Model]
) -> str:
    """Write LICENSE; `licence` is a short name such as cc-by-4.0, or "other" if none is stated."""
    licensor = _line(licensor) or NOBODY
    paragraphs = [
        f"{_line(title)}, release {release}",
        *_terms(licence, licensor, year),
        *_of_models(models),
    ]
    return "\n\n".join(paragraphs) + "\n"


def _terms(licence: str, licensor: str, year: int) -> list[str]:
    known = find(licence)
    if known is None:
        return _unknown(licence, licensor)
    said = [
        f"Licence: {known.name}\nSPDX-License-Identifier: {known.spdx}\n{known.url}",
        f"Licensor: {licensor}",
        _filled(f"{known.gist} The text of the licence decides, not this summary."),
    ]
    if known.spdx == "MIT":
        said += [f"Copyright (c) {year} {licensor}", *map(_filled, _MIT.split("\n\n"))]
    return said


def _unknown(licence: str, licensor: str) -> list[str]:
    if licence.lower() == "other":
        said = "No licence was stated when this release was cut: nothing is allowed by this file."
    else:
        said = (
            f"The licence of this release is called {licence}. Its text is not part of the release."
        )
    return [f"Licensor: {licensor}", _filled(f"{said} Ask the licensor before you use it.")]


def _of_models(models: Iterable[Model]) -> list[str]:
    said = (
        "Answers that models wrote are in this dataset. What is said above is the licensor's word "
        "about the dataset. Whoever offers a model may have terms for what it writes, which bind "
        "you as well and which the licensor cannot lift; some forbid training other models with it."
    )
    lines = [
        _of_model(model) for model in sorted(models, key=lambda model: (model.name, model.terms))
    ]
    named = "\n".join(lines) or "The models are not named in this release."
    return [_filled(said), named]


def _of_model(model: Model) -> str:
    terms = _line(model.terms) or "its terms were not written down; ask whoever offers it."
    name = _line(model.name) or "models that were not named"
    return textwrap.fill(
        f"{name}: {terms}",
        WIDTH,
        initial_indent="- ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _filled(paragraph: str) -> str:
    return textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)


def _line(words: str) -> str:
    return " ".join(words.split())
