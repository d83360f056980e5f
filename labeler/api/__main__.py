"""Print the API's description: `python -m labeler.api > docs/openapi.json`."""

import sys

from labeler.api import OPERATIONS, openapi

sys.stdout.write(openapi.text(OPERATIONS))
