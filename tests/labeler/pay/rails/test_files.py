"""Payout files: what each holds, read back as the bank or the service would."""

import csv
import hashlib
import io
import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from labeler.errors import Invalid
from labeler.pay import details
from labeler.pay.rails import layouts, making, mpesa, pawapay, paypal, plain, sepa, wise
from labeler.pay.rails.layouts import SepaLayout, TableLayout, WiseLayout
from labeler.pay.rails.making import Rail
from labeler.pay.rails.rows import PayoutFile, PayoutRow

PAYER = {"name": "Labelling Society", "iban": "DE89 3704 0044 0532 0130 00", "bic": "COBADEFFXXX"}
IBANS = ("FR76 3000 6000 0112 3456 7890 189", "IT60X0542811101000000123456")
RUN = making.Run("RUN000007", datetime(2026, 11, 28, 9, tzinfo=UTC), date(2026, 11, 30))
HOSTILE = ("=HYPERLINK(1)", "+1", "-1+2", "@SUM(A1)", "\t=1", " =1", "|calc")


def bank(number: int, amount_minor: int, name: str = "Zoë Muñoz-Łysy", **changes: str) -> PayoutRow:
    to = details.read({"kind": "bank", "name": name, "iban": IBANS[number % 2]} | changes)
    return PayoutRow(f"PAY{number:07}", to.name, amount_minor, "EUR", to)


def phone(number: int, amount_minor: int, currency: str = "KES", **changes: str) -> PayoutRow:
    given = {"kind": "mobile", "name": "Wanjiku", "country": "KE", "network": "M-Pesa"}
    to = details.read(given | {"phone": f"2547{number:08}"} | changes)
    return PayoutRow(f"PAY{number:07}", to.name, amount_minor, currency, to)


def other(number: int, amount_minor: int, **changes: str) -> PayoutRow:
    """Make a row for somebody whose every field a spreadsheet might run."""
    to = details.Other.model_construct(
        **{"kind": "other", "name": "=1", "provider": "@b", "account": "+8801", "note": ""}
        | changes
    )
    return PayoutRow(f"PAY{number:07}", to.name, amount_minor, "BDT", to)


def lines(file: PayoutFile) -> list[list[str]]:
    assert file.sha256 == hashlib.sha256(file.content).hexdigest()
    return list(csv.reader(io.StringIO(file.content.decode(), newline="")))


def refused(make: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        make()
    return refusal.value.fields


# Bank accounts and phones


@pytest.mark.parametrize(
    "iban",
    [
        "FR0000000000",  # what the schema of the file would let through
        "FR76 3000 6000 0112 3456 7890 188",  # one digit off
        "FR14 2004 1010 0505 0001 3M02 60",  # two digits changed places
        "SA03 8000 0000 6080 1016 7519",  # right, and out of reach of euro transfers
    ],
)
def test_an_iban_that_cannot_be_paid_to_is_refused_when_it_is_written(iban: str) -> None:
    faults = refused(lambda: bank(1, 1, iban=iban))
    assert set(faults) == {"iban"}


def test_a_name_is_kept_as_the_bank_knows_it_and_one_that_no_file_carries_is_refused() -> None:
    assert bank(1, 1).name == "Zoë Muñoz-Łysy"
    assert details.for_sepa("Zoë Muñoz-Łysy & Großmann") == "Zoe Munoz-Lysy + Grossmann"
    assert set(refused(lambda: bank(1, 1, name="আনিকা রহমান"))) == {"name"}
    assert phone(1, 100, name="আনিকা রহমান").name == "আনিকা রহমান"


@pytest.mark.parametrize(
    "given", [{"phone": "0712345678"}, {"phone": "25481234567"}, {"country": "UG"}]
)
def test_a_phone_number_is_of_its_country(given: dict[str, str]) -> None:
    assert set(refused(lambda: phone(1, 1, **given))) == {"phone"}
    assert details.read(phone(1, 1, phone="+254 712 345-678").details.model_dump()).account == (
        "254712345678"
    )


def test_only_the_end_of_an_account_shows() -> None:
    assert details.masked(bank(1, 1).details) == "…3456"
    short = details.read({"kind": "other", "name": "Ada", "provider": "Bank", "account": "1234567"})
    assert details.masked(short) == "…"


def test_no_name_begins_like_a_formula() -> None:
    for name in ("=HYPERLINK(1)", "+1", "-1+2", "@SUM(A1)", " =1", "|calc", "\ufeffAda"):
        given = {"kind": "other", "name": name, "provider": "Bank", "account": "12345678"}
        assert set(refused(lambda given=given: details.read(given))) == {"name"}


# SEPA


def order(rows: list[PayoutRow]) -> PayoutFile:
    layout = layouts.read(SepaLayout, PAYER | {"purpose": "Pay for November 2026"})
    return making.make(Rail.sepa, rows, layout, RUN)


def test_a_sepa_file_says_who_gets_how_much() -> None:
    file = order([bank(1, 1234), bank(2, 0), bank(3, 5, bic="AGRIFRPP882")])
    document = ET.fromstring(file.content)
    assert document.tag == "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}Document"
    found = {tag: [e.text for e in document.findall(f".//{{*}}{tag}")] for tag in _TOLD}
    assert found == {
        "MsgId": ["RUN000007"],
        "CreDtTm": ["2026-11-28T09:00:00"],
        "NbOfTxs": ["2", "2"],  # who has nothing to get is not in it
        "CtrlSum": ["12.39", "12.39"],
        "Dt": ["2026-11-30"],
        "EndToEndId": ["PAY0000001", "PAY0000003"],
        "InstdAmt": ["12.34", "0.05"],
        "Nm": ["Labelling Society"] * 2 + ["Zoe Munoz-Lysy"] * 2,
        "BICFI": ["COBADEFFXXX", "AGRIFRPP882"],
        "AdrLine": [],
        "PstlAdr": [],
    }
    assert {e.get("Ccy") for e in document.findall(".//{*}InstdAmt")} == {"EUR"}
    assert (file.count, file.total_minor) == (2, 1239)


_TOLD = (
    *("MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "Dt", "EndToEndId", "InstdAmt", "Nm", "BICFI"),
    *("AdrLine", "PstlAdr"),
)


def test_a_sepa_file_is_the_same_bytes_for_the_same_payouts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [bank(1, 1234), bank(2, 99)]
    first = order(rows)
    monkeypatch.setitem(os.environ, "TZ", "Asia/Dhaka")
    assert order(rows) == first


def test_a_sepa_file_is_valid_by_its_schema() -> None:
    import xmlschema
    from sepaxml import validation

    folder = os.path.dirname(validation.__file__)  # noqa: PTH120
    schema = xmlschema.XMLSchema(f"{folder}/schemas/pain.001.001.09.xsd")
    without_bic = {"name": PAYER["name"], "iban": PAYER["iban"]}
    layout = layouts.read(SepaLayout, without_bic)
    file = making.make(Rail.sepa, [bank(1, sepa.LARGEST_MINOR)], layout, RUN)
    schema.validate(file.content.decode())
    broken = file.content.replace(b"<Cd>SEPA</Cd>", b"<Cd>TOOLONG</Cd>")
    assert not schema.is_valid(broken.decode())
    with pytest.raises(RuntimeError):
        sepa._valid(broken)


def test_each_row_that_a_sepa_file_cannot_carry_is_named() -> None:
    foreign = PayoutRow("PAY0000003", "Zoë", 5, "USD", bank(3, 5).details)
    faults = refused(lambda: order([bank(1, 1234), bank(2, -1), foreign, phone(4, 5, "EUR")]))
    assert set(faults) == {"PAY0000002", "PAY0000003", "PAY0000004"}
    assert "EUR only" in faults["PAY0000003"]
    assert set(refused(lambda: order([bank(1, 5), bank(1, 6)]))) == {"PAY0000001"}
    with pytest.raises(Invalid, match="nothing to pay"):
        order([bank(1, 0)])


# Phones


def test_ten_thousand_people_are_paid_in_whole_shillings() -> None:
    balances = {person: 100 * person + person % 100 for person in range(1, 10_001)}
    shares = making.split(balances, making.step(Rail.mpesa, "KES"))
    assert shares[7] == (700, 7)
    assert all(sum(share) == balances[person] for person, share in shares.items())
    file = mpesa.make([phone(n, share.payable) for n, share in shares.items()])
    head, *body = lines(file)
    assert head == ["Phone number", "Amount", "Name", "Reference"]
    assert body[6] == ["254700000007", "7", "Wanjiku", "PAY0000007"]
    assert len({line[3] for line in body}) == file.count == 10_000
    assert sum(int(line[1]) for line in body) * 100 == file.total_minor
    carried = sum(share.carried for share in shares.values())
    assert file.total_minor + carried == sum(balances.values())


def test_mpesa_pays_whole_shillings_to_kenya_in_the_columns_of_whoever_pays() -> None:
    foreign = phone(3, 100, country="UG", phone="256712345678")
    assert set(refused(lambda: mpesa.make([phone(1, 150), phone(2, 100), foreign]))) == {
        "PAY0000001",
        "PAY0000003",
    }
    columns = 'MSISDN: account\nKSh: amount\nCommandID: "SalaryPayment"'
    layout = layouts.read(TableLayout, {"columns": columns})
    assert layouts.written(layout.columns) == columns
    file = making.make(Rail.mpesa, [phone(1, 1500)], layout, RUN)
    assert lines(file) == [
        ["MSISDN", "KSh", "CommandID"],
        ["254700000001", "15.00", "SalaryPayment"],
    ]
    faults = refused(lambda: layouts.read(TableLayout, {"columns": "MSISDN: account\nKSh amount"}))
    assert faults["columns"].startswith("Line 2:")
    assert "amount" in refused(lambda: layouts.read(TableLayout, {"columns": "A: name"}))["columns"]


def test_pawapay_takes_a_thousand_with_a_description_of_letters_and_digits() -> None:
    file = pawapay.make([phone(1, 1500, network="MPESA")])
    assert lines(file) == [
        ["Country", "Telco", "Currency", "MSISDN", "Amount", "Description"],
        ["KE", "MPESA", "KES", "254700000001", "15", "PAY0000001"],
    ]
    with pytest.raises(Invalid, match="1,000 payouts at most"):
        pawapay.make([phone(n, 100) for n in range(1001)])
    row = phone(1, 100)
    named = PayoutRow("run-1/2", row.name, 100, "KES", row.details)
    assert set(refused(lambda: pawapay.make([named]))) == {"run-1/2"}


# Services


def paypal_row(number: int, amount_minor: int, currency: str = "USD") -> PayoutRow:
    to = details.read({"kind": "paypal", "name": "Ada", "email": f"ada{number}@example.org"})
    return PayoutRow(f"PAY{number:07}", to.name, amount_minor, currency, to)


def test_a_paypal_file_has_no_header_one_currency_and_five_thousand_payouts() -> None:
    file = paypal.make([paypal_row(n, 123_456) for n in range(5000)], note="Thank you, Ada")
    assert lines(file)[0] == [
        *("ada0@example.org", "1234.56", "USD", "PAY0000000", "Thank you, Ada", "PayPal")
    ]
    assert file.count == len(lines(file)) == 5000
    assert b'"Thank you, Ada"' in file.content
    with pytest.raises(Invalid, match="5,000 payouts at most"):
        paypal.make([paypal_row(n, 1) for n in range(5001)])
    assert set(refused(lambda: paypal.make([paypal_row(1, 1), paypal_row(2, 1, "EUR")]))) == {
        "PAY0000002"
    }
    assert making.step(Rail.paypal, "HUF") == 100


def wise_row(number: int, amount_minor: int, **changes: str) -> PayoutRow:
    given = {"kind": "wise", "name": "Ada", "email": "ada@example.org"} | changes
    to = details.read({name: value for name, value in given.items() if value})
    return PayoutRow(f"PAY{number:07}", to.name, amount_minor, "TND", to)


def test_wise_people_get_the_exact_amount() -> None:
    layout = WiseLayout(source="EUR")
    (head, body) = lines(making.make(Rail.wise, [wise_row(1, 12_345)], layout, RUN))
    told = dict(zip(head, body, strict=True))
    assert told["amount"] == "12.345"  # a dinar has a thousand parts
    assert (told["amountCurrency"], told["sourceCurrency"], told["targetCurrency"]) == (
        *("target", "EUR", "TND"),
    )
    saved = wise_row(2, 1, email="", recipient="40418660")
    assert "recipientId" in lines(wise.make([saved], source="EUR"))[0]
    with pytest.raises(Invalid, match="two runs"):
        wise.make([wise_row(1, 1), saved], source="EUR")
    with pytest.raises(Invalid, match="1,000 payouts at most"):
        wise.make([wise_row(n, 1) for n in range(1001)], source="EUR")


# Hostile cells


def test_what_a_spreadsheet_would_run_is_quoted_where_people_open_it() -> None:
    rows = [other(n, 100, account=text, note=text) for n, text in enumerate(HOSTILE)]
    for _, *cells in lines(plain.make(rows))[1:]:
        assert not [cell for cell in cells if cell.lstrip().startswith(tuple("=+-@|"))]
    quoted = layouts.read(TableLayout, {"columns": 'Kind: "=1+1"\n@Sum: amount'})
    head, body = lines(making.make(Rail.plain, [other(1, 100)], quoted, RUN))
    assert (head, body) == (["Kind", "'@Sum"], ["'=1+1", "1.00"])


def test_what_a_spreadsheet_would_run_is_refused_where_it_would_change_who_is_paid() -> None:
    for text in HOSTILE:
        email = details.Paypal.model_construct(kind="paypal", name="Ada", email=text)
        row = PayoutRow("PAY0000001", "Ada", 100, "USD", email)
        assert set(refused(lambda row=row: paypal.make([row]))) == {"PAY0000001"}
        named = PayoutRow("PAY0000001", text, 100, "TND", wise_row(1, 1).details)
        assert set(refused(lambda row=named: wise.make([row], source="EUR"))) == {"PAY0000001"}
        network = phone(1, 1).details.model_copy(update={"network": text})
        row = PayoutRow("PAY0000001", "Ada", 100, "KES", network)
        assert set(refused(lambda row=row: pawapay.make([row]))) == {"PAY0000001"}


# What each can carry


def test_each_way_has_its_least_amount_and_its_currencies() -> None:
    assert making.step(Rail.sepa, "EUR") == making.step(Rail.wise, "TND") == 1
    assert making.step(Rail.pawapay, "KES") == 100
    assert making.step(Rail.pawapay, "UGX") == 1
    assert set(refused(lambda: making.step(Rail.sepa, "KES"))) == {"rail"}
    assert set(refused(lambda: making.step(Rail.mpesa, "UGX"))) == {"rail"}


def test_nothing_is_lost_between_what_is_paid_and_what_is_carried() -> None:
    for step in (1, 100, 1000):
        shares = making.split({person: person * 37 for person in range(500)}, step)
        assert all(share.payable % step == 0 and share.carried < step for share in shares.values())
        paid = [share.payable for share in shares.values()]
        assert all(one <= two for one, two in pairwise(paid))
