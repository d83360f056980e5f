"""The composition root: what collects and what exports, put together for a WSGI server."""

import exports
from labeler.app import create_app

app = create_app()
exports.init_app(app)
