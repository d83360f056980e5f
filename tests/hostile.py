"""Strings that mean something to some program or other, and mean nothing here.

Whatever opens an element gives it the class "evil", or is an element that a page must not have.
"""

import re
from collections.abc import Iterable

STRINGS = [
    # Elements and handlers, out of whatever they were put into
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style><link rel=stylesheet href=//evil.example/a>",
    "--></script><script>alert(1)</script>",
    "<!--<script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<img src=x onerror=alert(1)>",
    "' autofocus onfocus='alert(1)",
    '" class="evil" onmouseover="alert(1)',
    "<details open ontoggle=alert(1) class=evil>",
    '<template><p title="</template><img src=x onerror=alert(1)>">',
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;//evil.example>",
    '<iframe srcdoc="<script>alert(1)</script>">',
    "<object data=//evil.example/o>",
    "<form action=//evil.example class=evil><button>Send",
    "<input name=csrf_token value=evil class=evil>",
    "<x-evil id=main class=evil data-answers>",
    # SVG and MathML
    '"><svg onload=alert(1)>',
    "<svg class=evil><animate onbegin=alert(1)>",
    '<svg><a xlink:href="javascript:alert(1)" class=evil>x',
    "<math><mtext><img src=x onerror=alert(1)>",
    "<math href=javascript:alert(1) class=evil>x",
    # Addresses
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<a href=data:text/html,x class=evil>x</a>",
    "<a ping=//evil.example href=//evil.example class=evil>",
    "<https://example.org@evil.example/>",
    "[bank.example](https://bank.example.evil.example)",
    "../../../etc/passwd",
    "..\\..\\C:\\con",
    # Style
    "<style>*{display:none}</style>",
    '<p style="position:fixed;inset:0" class=evil>',
    "x;}*{background:url(//evil.example/b)",
    # Markdown, HTML and formulas in each other
    "**<b class=evil>[x](javascript:alert(1))**",
    '[x](//evil.example "a" onclick=alert(1))',
    "![x](https://evil.example/p.png)",
    "`</code><script>alert(1)</script>`",
    "```html <img src=x onerror=alert(1)>",
    r"$\text{<script>alert(1)</script>}$",
    r"$\href{javascript:alert(1)}{x}\class{evil}{x}$",
    r"$\def\a{\a\a}\a$",
    "> # | <b class=evil> | - [ ] ~~x",
    # Entities
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x3c;img src=x onerror=alert(1)&#x3e",
    "&NotAnEntity;&#xD800;&#x110000;&amp;lt;&#0;",
    "\uff1cscript\uff1e +ADw-script+AD4-",
    # Templates, formats, shells, databases, spreadsheets
    "{{7*7}}{{config}}{%include 'x'%}",
    "${7*7}#{7*7}<%=7*7%>",
    "%(name)s %s %n %",
    "{0.__class__}{name}",
    "$(reboot);`id`|x&%COMSPEC%",
    "'; DROP TABLE people;--",
    '" OR 1=1 UNION SELECT 1 --',
    '{"$gt":""} __proto__ NaN null',
    '=HYPERLINK("//evil.example","x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    # Characters
    "\\0 \\x00 \\u0000 %00 %0d%0a",
    "Z" + "\u0335\u0489" * 40,
    "\u0634\u0643\u0631\u0627 <b class=evil>\u062c\u0632\u064a\u0644\u0627",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\U0001f3f4\u200d\u2620\ufe0f\U0001f44d\U0001f3ff",
    "\u2067never \u2066closed \u202b",
    "\u200b\u200d\u2060\ufeffz",
    "W" * 90,
]
ACTING = [
    "\u202egnp.exe",
    "a\u2028<script>alert(1)</script>",
    "x\r\nSet-Cookie: evil=1\r\n\r\n<script>alert(1)</script>",
    "\x1b]0;evil\x07\x1b[31m",
    "a\x08\x7f\x85b",
]
"""What cannot stand on a line, but in a text."""
NUL = ["<\0script>alert(1)</script>"]
"""What no database keeps."""
TEXTS = [*STRINGS, *ACTING]


def packs(texts: Iterable[str], longest: float, glue: str) -> list[str]:
    """Join texts as long as they fit; one that is longer stands alone."""
    joined: list[str] = []
    for text in texts:
        more = f"{joined[-1]}{glue}{text}" if joined else ""
        if more and len(more) <= longest:
            joined[-1] = more
        else:
            joined.append(text)
    return joined


def squeezed(text: str) -> str:
    """Return a text as a page shows it: blanks of any length are one."""
    return re.sub(r"[ \t\r\n\f]+", " ", text).strip()
