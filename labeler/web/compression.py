"""Pages are sent compressed: on a slow network the bytes are the time.

Compression can betray a secret that stands beside text of a stranger's choice (BREACH). Ours are
the tokens of forms: they are signed anew with the time, and no other site's requests bring our
cookie along, so there is nothing steady to guess at.
"""

import gzip

from flask import Flask, Response, request

WORTH = 500
"""How many bytes there must be."""
LEVEL = 6


def init_app(app: Flask) -> None:
    """Compress pages for browsers that take it."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype != "text/html" and request.blueprint != "work":
        return response
    response.vary.add("Accept-Encoding")
    takes = request.accept_encodings["gzip"] > 0 and "Content-Encoding" not in response.headers
    if not takes or response.is_streamed or response.direct_passthrough:
        return response
    page = response.get_data()
    if len(page) >= WORTH:
        response.set_data(gzip.compress(page, LEVEL, mtime=0))
        response.content_encoding = "gzip"
    return response
