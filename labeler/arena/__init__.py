"""The blind chat: a person writes, two unnamed models answer, the person says which is better."""
