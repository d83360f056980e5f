"""The forms in which a release comes, each a module that makes its rows of a record.

A format with a schema is written in Parquet with a copy in JSON lines, so that Hugging Face's
loader finds it by its name; one without is in the JSON lines that its consumer reads. To add one
is to add a module here and its name to `exports.choosing.criteria.Format`.
"""

from types import ModuleType

from exports.formats import (
    axolotl,
    comparisons,
    criteria,
    dpo,
    dpo_per_vote,
    edits,
    kto,
    llamafactory,
    nemo,
    openai,
    openrlhf,
    ranking,
    reward,
    sft,
)

MODULES: dict[str, ModuleType] = {
    "comparisons": comparisons,
    "dpo": dpo,
    "dpo_per_vote": dpo_per_vote,
    "reward": reward,
    "kto": kto,
    "ranking": ranking,
    "sft": sft,
    "criteria": criteria,
    "edits": edits,
    "openai": openai,
    "llamafactory": llamafactory,
    "nemo": nemo,
    "axolotl": axolotl,
    "openrlhf": openrlhf,
}
WITH_ROWS = tuple(name for name, module in MODULES.items() if hasattr(module, "rows"))
"""Formats that have rows; the others tell a consumer how to read one that has."""
IN_PARQUET = tuple(name for name in WITH_ROWS if MODULES[name].SCHEMA is not None)
"""Formats that Hugging Face's loader knows by name."""
REORDERED = tuple(name for name in WITH_ROWS if hasattr(MODULES[name], "key"))
"""Formats whose rows have an order of their own."""
