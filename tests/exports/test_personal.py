"""Personal data in free text: what is found, in seven languages, and what only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.privacy.personal import Kind, found

Found = list[tuple[Kind, str]]

PARTS = ["http://", "x.com/", "ada@example.org", "06 12 34 56 78", "DE89", "ISBN", "@ada"]
ANY = st.lists(
    st.sampled_from([*"@.:/+-() \n0123459aZé০১", *PARTS]) | st.text(max_size=3), max_size=40
).map("".join)


def seen(text: str) -> Found:
    """Return what is found, as kinds and texts."""
    return [(kind, text[start:end]) for kind, start, end in found(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Écris à maría.lópez@correo.es ou appelle-moi au 06 12 34 56 78, merci !",
            [(Kind.email, "maría.lópez@correo.es"), (Kind.phone, "06 12 34 56 78")],
        ),
        (
            "Mi DNI es 12345678Z y mi móvil el 612 34 56 78.",
            [(Kind.national_id, "12345678Z"), (Kind.phone, "612 34 56 78")],
        ),
        (
            "Il mio codice fiscale è RSSMRA85T10A562S; scrivimi su t.me/ada_l.",
            [(Kind.national_id, "RSSMRA85T10A562S"), (Kind.profile, "t.me/ada_l")],
        ),
        (
            "Bitte auf DE89 3704 0044 0532 0130 00 überweisen, Rückfragen (030) 123 45 67.",
            [(Kind.iban, "DE89 3704 0044 0532 0130 00"), (Kind.phone, "(030) 123 45 67")],
        ),
        (
            "Nipigie 0712 345 678 au uniandikie @wanjiku_k, tafadhali.",
            [(Kind.phone, "0712 345 678"), (Kind.handle, "@wanjiku_k")],
        ),
        (
            "আমার নম্বর ০১৭১২-৩৪৫৬৭৮, অথবা rahim@example.com।",
            [(Kind.phone, "০১৭১২-৩৪৫৬৭৮"), (Kind.email, "rahim@example.com")],
        ),
        (
            "She paid with 4111 1111 1111 1111 from 81.2.69.142, see https://github.com/ada-l.",
            [
                (Kind.card, "4111 1111 1111 1111"),
                (Kind.ip_address, "81.2.69.142"),
                (Kind.profile, "https://github.com/ada-l"),
            ],
        ),
    ],
    ids=["fr", "es", "it", "de", "sw", "bn", "en"],
)
def test_a_sentence_in_each_language(text: str, expected: Found) -> None:
    assert seen(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "La réponse A cite 3 sources (2019, 2021, 2024) et coûte 1 234,50 € ; à 10 h 30.",
        "El 15.01.2024 a las 10:30 tenía 671.234.567 habitantes; la versión 1.2.3.4 no vale.",
        "Il 05/06/2024 il prezzo era di 12.000.000 €, cioè il 3,14159265358979 %.",
        "Am 01.02.2024 12:30 Uhr kostete es 1.234.567,89 €, siehe § 3.1.2.10 und DIN 5008:2020-03.",
        "Jibu la kwanza lina maneno 1200 na la pili 950; tarehe 2024-01-15, bei ni KSh 12,500.00.",
        "১৫.০১.২০২৪ তারিখে দাম ছিল ১২,৫০,০০০ টাকা; প্রথম উত্তরটি ভালো।",
        "Version 10.12.13.14 from 2024-01-15 10:30:00 has 1,234,567 users; pi is 3.14159265358979.",
    ],
    ids=["fr", "es", "it", "de", "sw", "bn", "en"],
)
def test_numbers_that_are_nobodys_in_each_language(text: str) -> None:
    assert seen(text) == []


@pytest.mark.parametrize(
    "address",
    ["ada.lovelace+x@mail.example.org", "o'neill@example.co.uk", "a@b.de", "राम@example.in"],
)
def test_addresses_of_people(address: str) -> None:
    assert seen(f"({address}).") == [(Kind.email, address)]


@pytest.mark.parametrize(
    "text",
    ["git@github.com:pallets/flask.git", "support@example.org", "logo@2x.png", "react@18.2.0"],
)
def test_addresses_of_nobody(text: str) -> None:
    assert seen(text) == []


@pytest.mark.parametrize("address", ["81.2.69.142", "8.8.100.200", "2a00:1450:4009:81f::200e"])
def test_public_addresses_of_computers(address: str) -> None:
    assert seen(f"from {address}, twice") == [(Kind.ip_address, address)]


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "192.168.10.12",
        "10.20.30.40",
        "203.0.113.77",
        "256.300.30.40",
        "1.2.3.4",
        "v10.12.13.14",
        "2001:db8::1",
        "2024:01:15 10:20:30",
        "std::vector<int> a::b",
    ],
)
def test_versions_and_addresses_inside_of_a_network(text: str) -> None:
    assert seen(text) == []


@pytest.mark.parametrize(
    "url",
    [
        "https://ada:secret@host.example/x",
        "https://github.com/torvalds",
        "http://www.facebook.com/profile.php?id=100012345678901",
        "https://www.linkedin.com/in/ada-lovelace-123/",
        "https://mastodon.example/@ada",
        "https://people.example.edu/~ada/papers",
        "https://www.youtube.com/@ada?si=1",
        "reddit.com/u/ada_l",
        "wa.me/254712345678",
        "x.com/ada_l",
    ],
)
def test_pages_that_name_somebody(url: str) -> None:
    assert seen(f"See {url}, please.") == [(Kind.profile, url)]


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/pallets/flask",
        "https://github.com/features",
        "https://x.com/search?q=0612345678",
        "https://en.wikipedia.org/wiki/Ada?oldid=12345678901&at=06-12-34-56-78",
        "http://localhost:5000/users/42",
        "https://pypi.org/project/flask/",
        "and/or",
    ],
)
def test_pages_that_name_nobody_and_the_numbers_in_them(url: str) -> None:
    assert seen(f"See {url}, please.") == []


@pytest.mark.parametrize("handle", ["@ada_l", "@ada.lovelace", "@রহিম১২"])
def test_names_of_accounts(handle: str) -> None:
    assert seen(f"{handle} wrote so, and ({handle}).") == [(Kind.handle, handle)] * 2


@pytest.mark.parametrize(
    "text",
    [
        '@app.route("/x")\ndef f(): ...',
        "@login_required\ndef f(): ...",
        "@Override public void f()",
        '@Query("select x")',
        "the `@jit` decorator",
        "@article{einstein1905,",
        "@media (max-width: 3px)",
        'import x from "@angular/core"',
        "@count = 5",
        "meet @ 5 or @5pm",
        "tod@s y niñ@s",
        "ada@localhost",
    ],
)
def test_what_else_an_at_stands_for(text: str) -> None:
    assert seen(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "ISBN 978-0-306-40615-7",
        "ISBN: 0-306-40615-2",
        "isbn 080442957X",
        "ISBN 0612345674",
        "9780306406157",
        "978 07 3456 789 7",
    ],
)
def test_a_books_number_is_no_telephone_number(text: str) -> None:
    assert seen(text) == []


def test_a_number_is_found_once() -> None:
    assert seen("https://wa.me/254712345678 or 0712345678") == [
        (Kind.profile, "https://wa.me/254712345678"),
        (Kind.phone, "0712345678"),
    ]


@given(ANY)
def test_findings_come_in_order_and_do_not_overlap(text: str) -> None:
    ends = 0
    for _, start, end in found(text):
        assert ends <= start < end <= len(text)
        assert text[start:end].strip() == text[start:end]
        ends = end


@given(ANY, ANY)
def test_what_stands_around_an_address_does_not_hide_it(before: str, after: str) -> None:
    assert (Kind.email, "ada.l@example.net") in seen(f"{before}\n ada.l@example.net \n{after}")
