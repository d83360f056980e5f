"""What the form of a new project comes to so far, in words: a last look before it is made."""

from collections.abc import Mapping
from typing import NamedTuple

from labeler.errors import Invalid
from labeler.pay import money
from labeler.web import filters, forms, rubrics
from labeler.web.filters import gettext as _
from labeler.web.filters import ngettext
from labeler.work.questions import Questions


class Line(NamedTuple):
    """One thing that was decided: the field that says it, what it is called, what it says."""

    field: str
    name: str
    words: str


def of(values: Mapping[str, str], asked: Questions | None) -> list[Line]:
    """Return what the form says; `asked` is None while its questions do not fit together."""
    return [
        Line("title", _("Title"), _filled(values, "title")),
        Line("question", _("The question"), _filled(values, "question")),
        Line("rubric.main", _("How it is answered"), _asked(asked)),
        Line("guidelines", _("Guidelines"), _guidelines(values.get("guidelines", ""))),
        Line("judgments_per_comparison", _("Judgments"), _judgments(values)),
        Line("pay.per_judgment", _("Pay"), _pay(values)),
        Line("gold_percent", _("Known answers"), _share(values, "gold_percent")),
        Line("qualification.questions", _("Before the work itself"), _qualification(values)),
        Line("languages", _("Languages"), _languages(values)),
    ]


def _filled(values: Mapping[str, str], name: str) -> str:
    said = values.get(name, "")
    return said if said.strip() else _("Not filled in yet")


def _asked(asked: Questions | None) -> str:
    if asked is None:
        return _("The form does not fit together yet. Save to see what is missing.")
    return " · ".join(_(rubrics.KIND_WORDS[question.kind]) for question in asked)


def _guidelines(text: str) -> str:
    if not text.strip():
        return _("None yet. A few lines help people to judge alike.")
    return ngettext("%(num)s word", "%(num)s words", len(text.split()))


def _judgments(values: Mapping[str, str]) -> str:
    given = values.get("judgments_per_comparison", "").strip()
    if not _whole(given):
        return given or _("Not filled in yet")
    return ngettext(
        "%(num)s for each comparison",
        "%(num)s for each comparison, by different people",
        int(given),
    )


def _pay(values: Mapping[str, str]) -> str:
    currency = values.get("pay.currency", "").strip()
    try:
        each = money.minor(values.get("pay.per_judgment", ""), currency)
    except Invalid as refusal:
        return _(refusal.message)
    if not each:
        return _("Nothing is paid.")
    rate = filters.money(each, currency)
    number = values.get("judgments_per_comparison", "").strip()
    if not _whole(number):
        return _("%(sum)s for each judgment", sum=rate)
    hundred = filters.money(100 * int(number) * each, currency)
    return _("%(sum)s for each judgment; 100 comparisons cost %(all)s", sum=rate, all=hundred)


def _share(values: Mapping[str, str], name: str) -> str:
    return _("%(number)s percent of the work", number=values.get(name, "").strip() or "0")


def _qualification(values: Mapping[str, str]) -> str:
    asked, right = (values.get(f"qualification.{name}", "") for name in ("questions", "right"))
    if not asked.strip() and not right.strip():
        return _("Nothing is asked.")
    return _("%(right)s of %(asked)s known answers must be right", right=right, asked=asked)


def _languages(values: Mapping[str, str]) -> str:
    tags = forms.words(values.get("languages", ""))
    return ", ".join(map(filters.language, tags)) or _("Not filled in yet")


def _whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3
