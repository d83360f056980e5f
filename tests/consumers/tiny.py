"""A language model of a few thousand parameters and its tokenizer, both made on the spot.

Nothing is downloaded. Its words are those that it is told of; it knows nothing of what they mean.
"""

from collections.abc import Iterable
from pathlib import Path

SPECIAL = ("<pad>", "<unk>", "<end>", "<system>", "<user>", "<assistant>")
TEMPLATE = (
    "{% for turn in messages %}<{{ turn['role'] }}> {{ turn['content'] }} <end> {% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def make(folder: Path, texts: Iterable[str]) -> Path:
    """Write a model and its tokenizer into a folder, as from_pretrained reads them; return it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    words = tokenizer(texts)
    torch.manual_seed(7)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def tokenizer(texts: Iterable[str]):  # type: ignore[no-untyped-def]
    """Return a tokenizer that knows the words of these texts, with a template for chats."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = sorted({word for text in texts for word in text.split()})
    known = {word: number for number, word in enumerate([*SPECIAL, *words])}
    inner = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",
        unk_token="<unk>",
        eos_token="<end>",
        additional_special_tokens=list(SPECIAL[3:]),
    )
    made.chat_template = TEMPLATE
    return made
