"""Secrets that are shown once and kept only as a hash: links, sign-ins, tokens."""

import hashlib
import secrets


def new() -> str:
    """Return 256 random bits as text for a URL, a cookie or a header."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is stored of a secret (SHA-256: a random secret needs no slow hash)."""
    return hashlib.sha256(secret.encode()).hexdigest()
