"""Keys: where the key of an endpoint is read, when it is needed, and kept nowhere.

A profile names a variable of the environment or a file. The key goes into the request and into
nothing else: no row, no log, no page, no fault.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from labeler.endpoints.profiles import Profile
from labeler.errors import Invalid
from labeler.said import say

NONE = "none"
"""What is sent where no key is asked for."""
LONGEST = 8192


def read(profile: Profile, environ: Mapping[str, str] = os.environ) -> str:
    """Return the key of an endpoint; raises Invalid saying where it should have been."""
    if profile.key_file:
        return _one_word(_of_file(profile.key_file), profile.key_file)
    if profile.key_env:
        return _one_word(environ.get(profile.key_env, ""), profile.key_env)
    return NONE


def is_there(profile: Profile, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a key that is needed can be read."""
    try:
        read(profile, environ)
    except Invalid:
        return False
    return True


def _of_file(name: str) -> str:
    try:
        with Path(name).open(encoding="utf-8") as file:
            return file.read(LONGEST)
    except (OSError, ValueError) as error:
        why = type(error).__name__
        raise Invalid(
            say("The file %(file)s with the key cannot be read (%(why)s).", file=name, why=why)
        ) from None


def _one_word(text: str, place: str) -> str:
    """Return the key without the space around it; raises Invalid for what cannot be one."""
    key = text.strip()
    if not key:
        raise Invalid(say("There is no key in %(place)s, where the profile says.", place=place))
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Invalid(say("What is in %(place)s is no key: it has a space in it.", place=place))
    return key
