"""Wage references from the command line."""

from pathlib import Path

from tests.labeler.cli.conftest import Terminal, settle


def test_the_shipped_ones_load_once_and_are_listed_with_their_sources(either: Terminal) -> None:
    settle(either)
    assert "references are new; 0 were here before" in either.good("wages", "load")
    assert either.good("wages", "load").startswith("0 references are new;")
    [france] = either.good("wages", "list", "fr").splitlines()
    assert "12.02 EUR an hour\tcurrent\tsecondary\tJuritravail" in france
    living = either.good("wages", "list", "BD")
    assert "bd-dhaka-living-2023\tBD Dhaka\tliving\t122.59 BDT an hour\tstale" in living
    assert either.good("wages", "list", "IT") == "No reference found.\n"


def test_a_file_is_loaded_by_a_person_or_refused_by_line(either: Terminal, tmp_path: Path) -> None:
    settle(either)
    file = tmp_path / "wages.csv"
    header = "ref_id,country,kind,amount,currency,period,valid_from,observed_on,source_title"
    file.write_text(
        f"{header},confidence\nx,KE,statutory,much,KES,hour,2026-01-01,2026-01-01,A,press"
    )
    assert "line 2: amount: 'much' is not an amount" in either.refused(2, "wages", "load", file)
    file.write_text(file.read_text().replace("much", "90"))
    said = either.good("wages", "load", file, "--as", "root@example.org")
    assert said == "1 references are new; 0 were here before.\n"
