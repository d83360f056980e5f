"""What no page may do, whatever stands in it: run, fetch, ask, lead astray, dress up as ours."""

from collections.abc import Mapping

from playwright.sync_api import BrowserContext, Dialog, Page

# Elements and attributes that could run, fetch or lead somewhere that runs, and whatever is not
# one of ours.
ACTIVE = r"""(root) => {
  const scripts = "script:not([src^='/static/']):not([type='application/json'])";
  const sheets = "link[rel~=stylesheet]:not([href^='/static/'])";
  const foreign = ".evil, [name=evil], [id=evil], x-evil";
  const loading = "base, embed, iframe, img, meta[http-equiv], object, style";
  const elements = `${loading}, ${scripts}, ${sheets}, ${foreign}`;
  const addresses = ["action", "data", "formaction", "href", "ping", "src", "srcdoc", "xlink:href"];
  const runs = ({ name, value }) => /^on/i.test(name)
    || (addresses.includes(name) && !/^(https?:|mailto:|#|\?|\/(?!\/))/.test(value));
  return [...root.querySelectorAll("*")]
    .filter((one) => one.matches(elements) || [...one.attributes].some(runs))
    .map((one) => one.outerHTML.slice(0, 200));
}"""
PARSED = f"""(pages) => Object.entries(pages).flatMap(([name, text]) => {{
  const found = ({ACTIVE})(new DOMParser().parseFromString(text, "text/html"));
  return found.map((one) => `${{name}}: ${{one}}`);
}})"""

AT_ONCE = 20
"""Pages that are handed over at once: a message of more than 100 MB ends the browser."""


def watch(context: BrowserContext, url: str) -> list[str]:
    """Return a list of what should not happen, to which is added whatever does."""
    faults: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    context.on("dialog", dismiss)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("console", lambda said: faults.extend(_breach(said.text)))
    context.on(
        "request",
        lambda one: faults.append(one.url) if not one.url.startswith(url) else None,
    )
    return faults


def _breach(text: str) -> list[str]:
    return [text] if "Content Security Policy" in text else []


def active(page: Page) -> list[str]:
    """Return what on a page could run, fetch or lead astray."""
    return [f"{page.url}: {found}" for found in page.evaluate(f"({ACTIVE})(document)")]


def parsed(page: Page, texts: Mapping[str, str]) -> list[str]:
    """Return the same of pages that the browser reads without going there."""
    found, left = [], list(texts.items())
    while left:
        found += page.evaluate(PARSED, dict(left[:AT_ONCE]))
        left = left[AT_ONCE:]
    return found
