"""Print the API's description: `python -m exports.api > docs/openapi.json`."""

import sys

from exports.api import DESCRIBED
from labeler.api import openapi

sys.stdout.write(openapi.text(DESCRIBED))
