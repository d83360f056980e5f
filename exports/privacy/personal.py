"""Personal data: what in a free text may tell who somebody is, or lead to them.

Only what has a form of its own is found: addresses, numbers, names of accounts. Whoever is called
by their name in a text has to be found by somebody who reads it. What has a check digit is held
against it, and of the rest only forms that hardly anything else has: a date, a price, a version or
a book's number is no telephone number. Finding nothing does not say that there is nothing.

A text goes through one sieve first, which lets nearly all pass that have nothing in them. What is
found is blotted out before the next kind is looked for, as is what only looks like personal data,
so that no two findings overlap.
"""

import enum
import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import NamedTuple

from exports.privacy import identifiers
from exports.privacy.identifiers import Span
from exports.privacy.phones import phones


class Kind(enum.StrEnum):
    """What it is that was found."""

    email = "email"
    """An e-mail address."""
    phone = "phone"
    """A telephone number."""
    iban = "iban"
    """The number of a bank account."""
    card = "card"
    """The number of a payment card."""
    ip_address = "ip_address"
    """The public address of a computer."""
    national_id = "national_id"
    """A number that a state gave to a person."""
    profile = "profile"
    """A web address that names somebody's account."""
    handle = "handle"
    """The name of an account, as in @ada_l."""


class Finding(NamedTuple):
    """One place in a text, as in text[start:end]."""

    kind: Kind
    start: int
    end: int


def found(text: str) -> list[Finding]:
    """Return all that is found in a text, in the order in which it stands there."""
    if not _SIEVE.search(text):
        return []
    findings, rest = [], _DIGIT.sub(lambda one: str(int(one[0])), text)
    for kind, finder in _LOOKED_FOR:
        spans = list(finder(rest))
        rest = _blotted(rest, spans)
        if kind is not None:
            findings += [Finding(kind, *span) for span in spans]
    return sorted(findings, key=lambda finding: finding.start)


def _blotted(text: str, spans: Iterable[Span]) -> str:
    """Return a text of the same length in which nothing more can be found in these places."""
    parts, done = [], 0
    for start, end in spans:
        parts += [text[done:start], _BLOT * (end - start)]
        done = end
    return "".join([*parts, text[done:]]) if parts else text


_BLOT = "\x00"
# Digits of Arabic and Persian, of Devanagari and Bangla, and those as wide as Chinese characters.
_OTHERS = "\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\uff10-\uff19"
_DIGIT = re.compile(f"[{_OTHERS}]")

# What follows an @, a dot, a colon or a digit in anything that is looked for. The set comes first,
# since the engine then skips whatever is not in it without trying the rest.
_SIEVE = re.compile(
    rf"""[@.:0-9{_OTHERS}](?:
        (?<=@)\w                                                   # addresses and names
        |(?<=\.)[A-Za-z]{{2,6}}/[@~\w]                              # a page on the web
        |(?<=:)[0-9A-Fa-f]{{0,4}}:[0-9A-Fa-f]                       # IPv6
        |(?<=\d)(?<!\d\d)(?:
            (?:[-\s./()\u2011]{{0,3}}\d){{6}}                       # numbers of seven digits
            |\d{{0,2}}(?:\.\d{{1,3}}){{2}}\.\d                       # IPv4
            |[\dL-Vl-v][A-Ta-t][\dL-Vl-v]{{2}}[A-Za-z][\dL-Vl-v]   # codice fiscale
        )
    )""",
    re.VERBOSE,
)

_URL = re.compile(
    r"(?<![\w@.])(?:[a-z][a-z0-9+.-]{1,15}://|(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,6}/)"
    r"[^\s<>\"\x00]+(?<![.,;:!?)\]}'»…])",
    re.IGNORECASE,
)
# Who signs in, before the host; and paths that say that a name follows.
_NAMED = re.compile(
    r"[a-z][a-z0-9+.-]*://[^/?#\s@]+@"
    r"|(?:[a-z]+://)?[^/?#]+/[@~]\w{2,}"
    r"|(?:[a-z]+://)?(?:[a-z]+\.)?(?:linkedin\.com/in|reddit\.com/u(?:ser)?|stackoverflow\.com/users"
    r"|youtube\.com/(?:c|user)|facebook\.com/(?:people|profile\.php))[/?][\w.%-]{2,}",
    re.IGNORECASE,
)
# Where the name follows the host at once. What is deeper is somebody's work and not they.
_HOSTS = re.compile(
    r"(?:https?://)?(?:(?:www|m|mobile)\.)?(?:(?:facebook|fb|github|gitlab|instagram|snapchat"
    r"|telegram|twitter|vk|x)\.(?:com|me)/(?P<name>[\w.-]{2,40})|(?:t|wa)\.me/[\w+-]{3,40})"
    r"/?(?:[?#].*)?",
    re.IGNORECASE,
)
_PAGES = frozenset(
    "about ads apps blog business careers contact copilot docs download enterprise events explore"
    " features gaming groups hashtag help home intent jobs legal login marketplace messages new"
    " notifications orgs pages policies policy pricing privacy reel reels search security settings"
    " share sharer sharer.php signup sponsors stories support terms topics tos trending"
    " watch".split()
)


def _urls(text: str) -> Iterator[Span]:
    return (one.span() for one in _URL.finditer(text)) if "/" in text else iter(())


def _profiles(text: str) -> Iterator[Span]:
    return (span for span in _urls(text) if _names_somebody(text[slice(*span)]))


def _names_somebody(url: str) -> bool:
    if _NAMED.match(url):
        return True
    on_host = _HOSTS.fullmatch(url)
    return on_host is not None and (on_host["name"] or "").lower() not in _PAGES


# What `\w` leaves out of words: accents, and vowels of the scripts of India.
_MARKS = "\u0300-\u036f\u0900-\u0963\u0966-\u0dff"
_EMAIL = re.compile(
    rf"(?<![\w{_MARKS}.+'-])\w[\w{_MARKS}.+'-]{{0,63}}+@(?:\w[\w{_MARKS}-]{{0,62}}\.){{1,8}}"
    rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}]){{1,23}}(?![\w@])"
)
# Addresses of programs and of departments, and names of files such as logo@2x.png.
_NOBODYS = re.compile(
    r"(?:git|no-?reply|do-?not-?reply|help|mailer-daemon|postmaster|press|sales|support|webmaster)@"
    r"|.*\.(?:css|gif|jpe?g|js|png|svg|webp)$",
    re.IGNORECASE,
)


def _emails(text: str) -> Iterator[Span]:
    if "@" not in text:
        return iter(())
    return (one.span() for one in _EMAIL.finditer(text) if not _NOBODYS.match(one[0]))


_IP = re.compile(
    r"\d(?<![\w.:-].)"
    r"(?:\d{0,2}(?:\.\d{1,3}){3}|(?<=[23])[0-9a-f]{3}:(?:[0-9a-f]{0,4}:){1,6}[0-9a-f]{0,4})"
    r"(?![\w:]|[.-]\w)",
    re.IGNORECASE | re.ASCII,
)
_VERSION = re.compile(r"(?:\bv|version|release|chapter|section|§)[\s.:]*$", re.IGNORECASE)


def _ip_addresses(text: str) -> Iterator[Span]:
    return (one.span() for one in _IP.finditer(text) if _is_public(one))


def _is_public(one: re.Match[str]) -> bool:
    """Tell whether this is the address of one computer in the world.

    Of IPv4, two parts have two digits or more: else it is more likely a version or a section.
    """
    if ":" not in one[0] and sum(len(part) > 1 for part in one[0].split(".")) < 2:
        return False
    if _VERSION.search(one.string, max(0, one.start() - 12), one.start()):
        return False
    try:
        return ip_address(one[0]).is_global
    except ValueError:
        return False


_BOOK = re.compile(
    r"[9Ii](?<![\w-].)(?:(?<=[Ii])[Ss][Bb][Nn](?:-?1[03])?:?[ \u00a0]?(?:\d[ -]?){9,12}[\dXx]"
    r"|(?<=9)7[89](?:[ -]?\d){10})(?!\w)"
)


def _books(text: str) -> Iterator[Span]:
    return (one.span() for one in _BOOK.finditer(text))


_HANDLE = re.compile(
    rf"@(?<![\w@./\\`].)(?!\d)\w[\w{_MARKS}.]{{0,28}}[\w{_MARKS}](?![\w{_MARKS}@({{/]|\.\w)"
)
# What has a value, or stands above the beginning of a function, is part of a program.
_PROGRAM = re.compile(
    r"\s*[-+]?=|\s*\n\s*(?:@|(?:abstract|async|class|data|def|export|final|fun|func|function"
    r"|override|private|protected|public|static|void)\b)"
)
_WORDS = frozenset(
    "abstractmethod after all apply author autowired bean before cached charset classmethod"
    " component config const container controller dataclass deprecated else end entity example"
    " export extend extends font-face for function get given home id if import include inject"
    " injectable inline input interface internal keyframes layer license link lru_cache media"
    " mixin module namespace nonnull nullable observable output override page param post private"
    " property protected public readonly repository resource return returns see service set"
    " setter since staticmethod summary supports suppresswarnings tailwind template test then"
    " throws todo transactional type typedef use value version viewchild when while work"
    " wraps".split()
)
"""What stands after an @ in programs and style sheets."""


def _handles(text: str) -> Iterator[Span]:
    return (one.span() for one in _HANDLE.finditer(text) if _is_handle(one))


def _is_handle(one: re.Match[str]) -> bool:
    return one[0][1:].lower() not in _WORDS and not _PROGRAM.match(one.string, one.end())


_LOOKED_FOR: tuple[tuple[Kind | None, Callable[[str], Iterator[Span]]], ...] = (
    (Kind.profile, _profiles),
    (None, _urls),
    (Kind.email, _emails),
    (Kind.iban, identifiers.ibans),
    (Kind.national_id, identifiers.codici_fiscali),
    (Kind.national_id, identifiers.insees),
    (None, _books),
    (Kind.card, identifiers.cards),
    (Kind.national_id, identifiers.dnis),
    (Kind.national_id, identifiers.steuer_ids),
    (Kind.ip_address, _ip_addresses),
    (Kind.phone, phones),
    (Kind.handle, _handles),
)
