"""Settings: read from variables and a file, and every mistake in them named at start."""

from pathlib import Path

import pytest

from labeler import config
from labeler.app import create_app
from labeler.config import Settings
from labeler.errors import Invalid

SECRET = "x" * 32


def faults(**environ: str) -> dict[str, str]:
    with pytest.raises(Invalid, match="settings cannot be used") as refusal:
        config.load(environ)
    return refusal.value.fields


def test_nothing_set_is_a_small_installation_on_this_machine() -> None:
    settings = config.load({"PATH": "/bin", "HOME": "/root"})
    assert settings.database == f"sqlite:///{Path.cwd()}/labeler-data/labeler.db"
    assert settings.bind == "127.0.0.1:8000"
    assert settings.workers == 1
    assert not settings.secure


@pytest.mark.parametrize(
    ("bind", "address"),
    [
        ("127.0.0.1:8072", "http://127.0.0.1:8072"),
        ("0.0.0.0:80", "http://127.0.0.1:80"),
        (":8072", "http://127.0.0.1:8072"),
        ("[::]:8072", "http://127.0.0.1:8072"),
        ("[::1]:8072", "http://[::1]:8072"),
        ("label.example.org:8072", "http://label.example.org:8072"),
        ("localhost", "http://localhost:8000"),
        ("unix:/run/labeler.sock", "http://127.0.0.1:8000"),
    ],
)
def test_links_lead_to_where_the_site_listens(bind: str, address: str) -> None:
    assert config.load({"LABELER_BIND": bind}).link("x") == f"{address}/link/x"
    said = {"LABELER_BIND": bind, "LABELER_PUBLIC_URL": "https://label.example.org"}
    assert config.load(said).public_url == "https://label.example.org"


def test_a_link_keeps_the_path_under_which_the_site_lies() -> None:
    for public_url in ("https://example.org/labels", "https://example.org/labels/"):
        assert Settings(public_url=public_url).link("x") == "https://example.org/labels/link/x"


def test_variables_are_read(tmp_path: Path) -> None:
    settings = config.load(
        {
            "LABELER_DATA": str(tmp_path),
            "LABELER_THREADS": "4",
            "LABELER_SECRET_KEY": SECRET,
            "LABELER_PUBLIC_URL": "https://labels.example.org",
        }
    )
    assert settings.database == f"sqlite:///{tmp_path}/labeler.db"
    assert settings.threads == 4
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == SECRET
    assert settings.secure


def test_a_variable_wins_over_the_file_and_an_option_over_both(tmp_path: Path) -> None:
    file = tmp_path / "labeler.toml"
    file.write_text('threads = 2\nbind = "0.0.0.0:80"\nupload_mb = 5\n')
    settings = config.load(
        {"LABELER_CONFIG": str(file), "LABELER_THREADS": "3", "LABELER_UPLOAD_MB": "6"}, upload_mb=7
    )
    assert (settings.threads, settings.bind, settings.upload_mb) == (3, "0.0.0.0:80", 7)


def test_every_unknown_setting_is_named(tmp_path: Path) -> None:
    file = tmp_path / "labeler.toml"
    file.write_text("thread = 2\n")
    assert faults(LABELER_CONFIG=str(file), LABELER_SECRET="x") == {
        "LABELER_THREAD": "This name is not known here.",
        "LABELER_SECRET": "This name is not known here.",
    }


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("LABELER_THREADS", "many", "must be a whole number"),
        ("LABELER_THREADS", "0", "must be 1 at least"),
        ("LABELER_LOG_LEVEL", "loud", "'info'"),
        ("LABELER_DATABASE_URL", "mysql://localhost/x", "Begins neither"),
        ("LABELER_DATABASE_URL", "postgresql://localhost/x", "Begins neither"),
        ("LABELER_SECRET_KEY", "x" * 31, "Shorter than 32 bytes; make one with `labeler secret`"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, reason: str) -> None:
    found = faults(**{name: value})
    assert list(found) == [name]
    assert reason in found[name]


def test_a_wrong_secret_is_not_repeated() -> None:
    with pytest.raises(Invalid) as refusal:
        config.load({"LABELER_SECRET_KEY": "hunter2"})
    assert "hunter2" not in repr((refusal.value.message, refusal.value.fields))
    assert SECRET not in repr(Settings(secret_key=SECRET))


def test_a_missing_secret_is_named_before_anything_else_happens(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="secret key") as refusal:
        create_app(Settings(data=tmp_path))
    assert "labeler secret" in refusal.value.fields["LABELER_SECRET_KEY"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", [None, "threads = ", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str | bytes | None) -> None:
    file = tmp_path / "broken.toml"
    if text is not None:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(Invalid, match=r"broken\.toml cannot be read"):
        config.load({"LABELER_CONFIG": str(file)})
