"""labeler collects people's judgments on the answers of language models."""

__version__ = "0.1.0"
