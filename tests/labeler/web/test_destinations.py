"""How you are paid: what a person writes down is theirs alone, and shows again masked."""

import sqlalchemy as sa

from labeler.pay.destinations import Destination
from tests.labeler.web.conftest import Site

NEW = "/account/pay/new"
IBAN = "FR76 3000 6000 0112 3456 7890 189"


def test_what_was_saved_shows_its_last_characters_only(site: Site) -> None:
    ada = site.visit("ada")
    assert "EUR" in ada.get("/account/pay").text  # the currency of her project
    ada.get(f"{NEW}?currency=EUR&kind=bank")
    saved = ada.post(NEW, kind="bank", currency="eur", name="Ada Löwe", iban=IBAN, bic="")
    assert saved.location == "/account/pay"
    page = ada.get("/account/pay").text
    assert "…0189" in page and "Ada Löwe" in page
    assert "30006000" not in page.replace(" ", "")
    again = ada.get(f"{NEW}?currency=EUR&kind=bank").text  # nor does the form give it back
    assert "0189" not in again
    assert "0189" not in site.visit("olga").get("/account/pay").text


def test_a_wrong_digit_is_told_beside_its_field_and_nothing_is_lost(site: Site) -> None:
    ada = site.visit("ada")
    ada.get(NEW)
    wrong = IBAN.replace("189", "188")
    page = ada.post(NEW, kind="bank", currency="EUR", name="Ada Löwe", iban=wrong, bic="")
    assert page.status_code == 422
    assert 'id="iban-fault"' in page.text and f'value="{wrong}"' in page.text
    assert 'value="Ada Löwe"' in page.text
    with site.database.reading() as session:
        assert session.scalars(sa.select(Destination)).all() == []


def test_every_way_has_a_form_and_what_was_before_is_remembered(site: Site) -> None:
    ada = site.visit("ada")
    ways = {
        "mobile": {"name": "Ada", "country": "KE", "phone": "+254 712 345678", "network": "M-PESA"},
        "paypal": {"name": "Ada", "email": "ada@example.org"},
        "wise": {"name": "Ada", "email": "", "recipient": "40418660"},
        "other": {"name": "Ada", "provider": "bKash", "account": "8801712345678", "note": ""},
    }
    for kind, given in ways.items():
        form = ada.get(f"{NEW}?currency=KES&kind={kind}").text
        assert all(f'name="{field}"' in form for field in given)
        assert ada.post(NEW, kind=kind, currency="KES", **given).status_code == 302
    page = ada.get("/account/pay").text
    assert [page.count(end) for end in ("…5678", "….org", "…")] == [2, 1, 4]
    assert page.index("…5678") < page.index("Before that") < page.index("….org")
