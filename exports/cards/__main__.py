"""Print the JSON Schema of labor cards: `python -m exports.cards > docs/labor-card.schema.json`."""

import sys

from exports.cards import labor_card

sys.stdout.write(labor_card.schema())
