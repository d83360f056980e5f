"""Made-up sites are as sound as those that people made."""

from bench import data
from bench.rows import Words
from labeler import audit
from labeler.database import Database

WORDS = Words(5, 10)


def test_a_made_up_site_is_sound(address: str) -> None:
    site = _empty(address)
    data.add_past(site, 100, WORDS)
    data.grow(site, 40, WORDS, wanted=5)
    data.grow(site, 60, WORDS)
    data.add_veteran(site, 30)
    with data.opened(address) as database:
        assert _faults(database) == []
        with database.reading() as session:
            assert len(data.waiting(session, site, 100)) == 60
    assert (site.comparisons, site.judgments) == (60, 102)


def _empty(address: str) -> data.Site:
    return data.open_site(address)


def _faults(database: Database) -> list[str]:
    with database.reading() as session:
        return list(audit.faults(session))
