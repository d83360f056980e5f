from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Invalid
from labeler.events import Event
from labeler.pay import wages
from labeler.pay.wages import Wage
from tests.cast import make_cast

TODAY = date(2026, 11, 27)
HEADER = (
    "ref_id,country,kind,amount,currency,period,payments_per_year,hours_basis,"
    "valid_from,valid_to,observed_on,source_title,confidence\n"
)
NAIROBI = "ke-1,KE,statutory,16113.75,KES,month,12,2496,2024-11-01,,2026-01-13,The order,press\n"


def _loaded(session: Session, rows: str) -> dict[str, Wage]:
    wages.load(session, HEADER + rows, by=None)
    return {each.ref_id: each for each in wages.every(session)}


def test_the_figures_that_are_shipped_are_cited_and_load_again_without_a_change(
    session: Session,
) -> None:
    cast = make_cast(session)
    first = wages.load(session, wages.shipped(), by=cast.root)
    assert wages.load(session, wages.shipped(), by=cast.root) == wages.Loaded(0, first.new)
    found = wages.every(session)
    assert len(found) == first.new > 15
    assert all(each.source_title and each.entered_by == cast.root.id for each in found)
    hourly = {each.ref_id: each.hour_minor for each in found}
    # Worked by hand: 18,530.82 × 12 / 2,496; 1,221 × 14 / 2,080; 695 a day of 8 hours; as it is.
    assert hourly["ke-nairobi-2024"] == 8910
    assert hourly["es-smi-2026"] == 822
    assert hourly["ph-ncr-2025"] == 8688
    assert hourly["de-mindestlohn-2026"] == 1390
    [told] = session.scalars(sa.select(Event).where(Event.kind == "wages.loaded"))
    assert len(told.data["references"]) == first.new


def test_what_holds_is_the_newest_that_has_begun(session: Session) -> None:
    wages.load(session, wages.shipped(), by=None)

    def holds(country: str, today: date) -> str | None:
        found = wages.statutory(wages.of_place(session, country, today), today)
        return found and found.ref_id

    assert holds("DE", TODAY) == "de-mindestlohn-2026"
    assert holds("DE", date(2027, 1, 1)) == "de-mindestlohn-2027"
    assert holds("KE", TODAY) == "ke-nairobi-2024"  # the highest: nobody's region is known
    assert holds("IT", TODAY) is None
    assert holds("IN", TODAY) is None  # it has ended, and no other was found


def test_after_eighteen_months_a_figure_is_stale(session: Session) -> None:
    """A law's from when it was last seen in force, a cost of living from when it was reckoned."""
    found = _loaded(
        session,
        "law,US,statutory,7.25,USD,hour,,,2009-07-24,,2025-05-27,A law,primary\n"
        "life,US,living,20,USD,hour,,,2025-05-26,,2026-11-01,A study,primary\n",
    )
    assert not found["law"].is_stale(TODAY)
    assert found["law"].is_stale(date(2026, 11, 28))
    assert found["life"].is_stale(TODAY)
    assert wages.statutory([found["law"]], date(2026, 11, 28)) is None


def test_a_bad_line_is_named_with_its_field_and_nothing_is_loaded(session: Session) -> None:
    rows = (
        NAIROBI
        + "ke-2,XX,statutory,1.005,KES,month,12,2496,2024-11-01,,2026-01-13,,press\n"
        + "ke-3,KE,statutory,1.005,KES,month,12,2496,2024-11-01,,2026-01-13,An order,press\n"
        + "ke-4,KE,statutory,1,KES,month,,2496,2024-11-01,,2026-01-13,An order,press\n"
        + NAIROBI
    )
    with pytest.raises(Invalid) as refused:
        wages.load(session, HEADER + rows, by=None)
    said = refused.value.fields
    expected = {"line 3: country", "line 3: source_title", "line 4: amount", "line 5: row"}
    assert set(said) == expected | {"line 6: ref_id"}
    assert "'XX' is not a country's code" in said["line 3: country"]
    assert wages.every(session) == []


def test_a_name_stands_for_one_figure_for_ever(session: Session) -> None:
    _loaded(session, NAIROBI)
    other = NAIROBI.replace("16113.75", "17000")
    with pytest.raises(Invalid) as refused:
        wages.load(session, HEADER + other.replace("ke-1", "ke-2") + other, by=None)
    assert refused.value.fields == {"line 3: ref_id": "'ke-1' is another figure already."}
    assert len(wages.every(session)) == 1
    with pytest.raises(sa.exc.DBAPIError, match=r"refuse|never altered"), session.begin_nested():
        session.execute(sa.update(Wage).values(amount_minor=1))


@pytest.mark.parametrize("text", ["", HEADER, HEADER + '"never closed'])
def test_a_file_without_figures_is_refused(session: Session, text: str) -> None:
    with pytest.raises(Invalid):
        wages.load(session, text, by=None)
