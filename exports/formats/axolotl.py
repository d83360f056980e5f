"""A configuration with which Axolotl trains on the pairs of `dpo`; it has no rows of its own."""

from collections.abc import Iterable

_CONFIG = """\
# Axolotl: fill in base_model, and start it in this folder's parent:
#   axolotl train axolotl/dpo.yaml
base_model: PUT-YOUR-MODEL-HERE
rl: dpo
chat_template: tokenizer_default
datasets:
  - path: ./dpo
    ds_type: parquet
    data_files:
      - dpo/train-*.parquet
    split: train
    type: chat_template.default
    field_messages: prompt
    field_chosen: chosen
    field_rejected: rejected
    message_property_mappings:
      role: role
      content: content
output_dir: ./out
sequence_len: 2048
micro_batch_size: 1
gradient_accumulation_steps: 8
num_epochs: 1
learning_rate: 0.000005
"""


def companions(_splits: Iterable[str]) -> dict[str, str]:
    """Return the files, by name."""
    return {"dpo.yaml": _CONFIG}
