"""Which browser somebody uses, and on what, in words: browsers name themselves, and many others."""

from labeler.said import say

# The first mark that is there decides: most of them also call themselves Chrome or Safari.
_BROWSERS = {
    "SamsungBrowser": "Samsung Internet",
    "Edg": "Edge",
    "OPR/": "Opera",
    "OPT/": "Opera",
    "Opera": "Opera",
    "Vivaldi": "Vivaldi",
    "YaBrowser": "Yandex Browser",
    "UCBrowser": "UC Browser",
    "DuckDuckGo": "DuckDuckGo",
    "Ddg/": "DuckDuckGo",
    "HuaweiBrowser": "Huawei Browser",
    "MiuiBrowser": "Mi Browser",
    "FxiOS": "Firefox",
    "Firefox": "Firefox",
    "CriOS": "Chrome",
    "Chromium": "Chromium",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "curl/": "curl",
    "python-requests": "Python",
}
_SYSTEMS = {
    "KAIOS": "KaiOS",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Macintosh": "macOS",
    "Linux": "Linux",
}
UNKNOWN = say("Unknown browser")


def named(user_agent: str) -> str:
    """Name what sent this header, for example "Firefox on Android"; UNKNOWN if nothing tells."""
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if browser and system:
        return say("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or UNKNOWN


def _first(names: dict[str, str], text: str) -> str | None:
    return next((name for mark, name in names.items() if mark in text), None)
