"""Clauses of terms: whether a text binds people to silence, and does not say what it leaves free.

It is a list of words, and no lawyer: it finds texts that speak of confidentiality, in any of the
languages of the interface, and asks that such a text holds one sentence of its own language, word
for word. Whoever writes terms may say more beside it. A text that is found without need costs its
author a sentence, which is true anyway.
"""

import re
import unicodedata
from types import MappingProxyType

from labeler.text import markdown

SILENCE = MappingProxyType(
    {
        "en": (
            *("confidential", "non-disclos", "nondisclos", "non disclos", "not disclose"),
            *("never disclose", "secrecy", "secret", "proprietary", "not talk", "not speak"),
            *("not discuss", "not share", "not reveal", "not tell"),
        ),
        "fr": (
            *("confidential", "confidentiel", "divulg", "non-divulg", "secret", "discrétion"),
            *("ne pas révéler", "ne pas parler", "ne parlez", "tenir secret"),
        ),
        "es": (
            *("confidencial", "divulg", "no divulg", "secreto", "secreta", "revelar"),
            *("no hablar", "no hable", "reserva"),
        ),
        "de": (
            *("vertraulich", "geheim", "verschwiegen", "stillschweigen", "geschäftsgeheim"),
            *("nicht weitergeben", "nicht sprechen", "offenleg", "schweigepflicht"),
        ),
        "it": (
            *("riservat", "confidenzial", "segret", "divulg", "non rivel", "non parlare"),
            *("riservatezza",),
        ),
        "sw": (*("siri", "usiri", "kisiri", "usifichue", "kutofichua", "usizungumze"),),
        "bn": (*("গোপন", "গুপ্ত", "প্রকাশ করা যাবে না", "প্রকাশ করবেন না", "কাউকে বলবেন না"),),
    }
)
"""How what speaks of silence begins, by language; all of it is looked for in every text."""

FREE = MappingProxyType(
    {
        "en": (
            "Nothing in these terms keeps you from talking to anyone about your pay, your working "
            "conditions and your health, or from joining or founding a union."
        ),
        "fr": (
            "Rien dans ces conditions ne vous empêche de parler à qui que ce soit de votre paie, "
            "de vos conditions de travail et de votre santé, ni d'adhérer à un syndicat ou d'en "
            "fonder un."
        ),
        "es": (
            "Nada en estas condiciones le impide hablar con cualquier persona de su pago, de sus "
            "condiciones de trabajo y de su salud, ni afiliarse a un sindicato o fundar uno."
        ),
        "de": (
            "Nichts in diesen Bedingungen hindert Sie daran, mit anderen über Ihre Vergütung, Ihre "
            "Arbeitsbedingungen und Ihre Gesundheit zu sprechen oder einer Gewerkschaft "
            "beizutreten oder eine zu gründen."
        ),
        "it": (
            "Nulla in queste condizioni Le impedisce di parlare con chiunque del Suo compenso, "
            "delle Sue condizioni di lavoro e della Sua salute, né di iscriversi a un sindacato o "
            "di fondarne uno."
        ),
        "sw": (
            "Hakuna chochote katika masharti haya kinachokuzuia kuzungumza na mtu yeyote kuhusu "
            "malipo yako, mazingira yako ya kazi na afya yako, wala kujiunga na chama cha "
            "wafanyakazi au kuanzisha kimoja."
        ),
        "bn": (
            "এই শর্তাবলির কোনো কিছুই আপনাকে আপনার পারিশ্রমিক, কাজের পরিবেশ ও স্বাস্থ্য নিয়ে কারও সঙ্গে কথা বলতে, "
            "কিংবা কোনো শ্রমিক ইউনিয়নে যোগ দিতে বা তা গড়তে বাধা দেয় না।"
        ),
    }
)
"""What a text that speaks of silence has to say too, in its own language."""

_SPEAKS = re.compile(
    "|".join(
        rf"(?<!\w){re.escape(unicodedata.normalize('NFKC', begin))}"
        for begins in SILENCE.values()
        for begin in begins
    )
)
_NDA = re.compile(r"(?<!\w)ndas?(?!\w)")


def missing(text: str, language: str) -> str | None:
    """Return the sentence that a text in Markdown lacks; None if it lacks none.

    The language is one of the interface.
    """
    read = _read(markdown.plain(text, len(text) + 1))
    if not (_SPEAKS.search(read) or _NDA.search(read)) or _read(FREE[language]) in read:
        return None
    return FREE[language]


def _read(text: str) -> str:
    """Return a text as it is read: without what cannot be seen, in small letters, on one line."""
    seen = "".join(each for each in text if unicodedata.category(each) != "Cf")
    small = unicodedata.normalize("NFKC", seen).casefold().replace("’", "'")
    return " ".join(small.split())
