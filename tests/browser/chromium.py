"""A Chromium to test with: found where there is one, installed where there is none.

`python -m tests.browser.chromium` installs what is missing and prints where the browser lies.
The variable CHROMIUM names one to prefer.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

# The shell paints for two thirds of the processor time, and keeps no page that was left.
SHELL = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# The last is what Playwright's driver needs and a bare system lacks.
PACKAGES = (SHELL, "chromium", "fonts-noto-core", "fontconfig", "libatomic1")
# Nothing that would reach for the network, and no sandbox: root cannot have one.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find(*, whole: bool = False) -> Path | None:
    """Return a browser that starts, or None: the one named, the system's, else Playwright's.

    A `whole` one is not the shell.
    """
    names = NAMES if whole else (SHELL, *NAMES)
    named = [os.environ.get("CHROMIUM"), *map(shutil.which, names)]
    if found := next((name for name in named if name and _starts(name)), None):
        return Path(found)
    if _driver_starts():
        with sync_playwright() as playwright:
            own = playwright.chromium.executable_path
        return Path(own) if _starts(own) else None
    return None


def _driver_starts() -> bool:
    return _starts(sys.executable, "-m", "playwright")


def _starts(*command: str) -> bool:
    # On Ubuntu chromium-browser may be a script that only says how to get the real one.
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install() -> None:
    """Install Chromium and fonts: the system's packages, else Playwright's own build."""
    if _driver_starts() and _shows_every_script() and find(whole=True):
        return
    if (root := _root()) is not None and shutil.which("apt-get"):
        _apt(root)
    if not find(whole=True):
        command = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(command, check=False)


def _shows_every_script() -> bool:
    """Tell whether a font for Bangla is there, the one that plain systems lack."""
    if not shutil.which("fc-list"):
        return False
    return bool(subprocess.run(["fc-list", ":lang=bn"], capture_output=True).stdout.strip())


def _root() -> list[str] | None:
    """Return what to put before a command that only root may run; None if nothing would do."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def _apt(root: list[str]) -> None:
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    quiet = ["install", "-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0"]
    subprocess.run([*apt, "update"], check=False)
    # One by one: where the browser is no package, the fonts still are.
    for package in PACKAGES:
        subprocess.run([*apt, *quiet, package], check=False, stdout=subprocess.DEVNULL)


def main() -> None:
    """Install what is missing; exit with a word of advice where that did not help."""
    install()
    found = find()
    if found is None:
        sys.exit("No Chromium: install one and name it in the variable CHROMIUM.")
    if not _driver_starts():
        sys.exit("Playwright does not start: `playwright install-deps` may help.")
    print(f"browser: {found}")


if __name__ == "__main__":
    main()
