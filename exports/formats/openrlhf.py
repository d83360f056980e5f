"""Commands with which OpenRLHF trains on the pairs of `reward`; it has no rows of its own."""

from collections.abc import Iterable

_COMMANDS = """\
#!/bin/sh
# OpenRLHF reads the rows of `reward` as they are. Start this in the folder of the release.
set -eu
model=${1:?say which model to begin with}
keys="--data.prompt_key prompt --data.chosen_key chosen --data.rejected_key rejected"

deepspeed --module openrlhf.cli.train_rm --model.model_name_or_path "$model" \\
    --data.dataset ./reward --data.apply_chat_template $keys --model.margin_loss_enable

deepspeed --module openrlhf.cli.train_dpo --model.model_name_or_path "$model" \\
    --data.dataset ./reward --data.apply_chat_template $keys
"""


def companions(_splits: Iterable[str]) -> dict[str, str]:
    """Return the files, by name."""
    return {"train.sh": _COMMANDS}
