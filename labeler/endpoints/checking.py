"""Checking: what is wrong with an endpoint, in a sentence, and what to do about it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from labeler.endpoints.faults import OURS, Code, Fault
from labeler.endpoints.profiles import Profile, Provider
from labeler.said import Said, say

AZURE = frozenset((Provider.azure, Provider.azure_classic))
QUOTA = frozenset(("insufficient_quota", "billing_not_active"))

FOUND_HERE: Mapping[str, Said] = MappingProxyType(
    {
        Code.not_allowed.value: say(
            "%(host)s is not on the list of hosts that may be called. Add it to the setting "
            "endpoint_hosts, and start again."
        ),
        Code.not_https.value: say(
            "%(host)s is not in your own network, so it is only called by https. Write https:// "
            "in base_url."
        ),
        Code.private.value: say(
            "%(host)s has an address that is not of the internet. If it is a machine of your own, "
            'say so: place = "on_premises".'
        ),
        Code.no_such_host.value: say(
            "There is no server with the name %(host)s. Look for a slip in base_url: %(url)s"
        ),
        Code.names_away.value: say(
            "Nobody could say which address %(host)s has. Is this machine connected, and does its "
            "name service answer?"
        ),
        Code.refused_connection.value: say(
            "Nothing answers at %(host)s. Is the server started, and does it listen there?"
        ),
        Code.unreachable.value: say(
            "%(host)s could not be reached. Is it switched on, and does a firewall let this "
            "machine through?"
        ),
        Code.tls.value: say(
            "%(host)s has a certificate that this machine does not trust. If an authority of your "
            "own signed it, name the authority's file in the variable SSL_CERT_FILE."
        ),
        Code.no_tls.value: say(
            "%(host)s does not speak https. A server of your own may speak http: look at base_url, "
            "%(url)s"
        ),
        Code.silent.value: say(
            "The server took the call and was silent for %(silence)s seconds. Loading a model can "
            "take long: try again, or raise limits.timeout_s."
        ),
        Code.too_slow.value: say(
            "A whole answer took longer than %(longest)s seconds. Raise limits.longest_s, or lower "
            "sampling.max_tokens."
        ),
        Code.cut.value: say(
            "The connection ended in the midst of the answer. The server's log may say why; or "
            "something between here and there closes connections."
        ),
        Code.redirected.value: say(
            "The server sends the call elsewhere, which is not followed. Write into base_url where "
            "it really is; now it is %(url)s"
        ),
        Code.too_large.value: say("The server sent more than an answer can be. It is not used."),
        Code.encoded.value: say(
            "The server packs its answers though it was not asked to. Turn compression off there."
        ),
        Code.not_json.value: say(
            "What the server sent is not JSON. Is %(url)s the address of a server of models?"
        ),
        Code.not_openai.value: say(
            "What answers at %(url)s is no server for chat completions as OpenAI has them. Mostly "
            "such an address ends in /v1."
        ),
        Code.empty.value: say("The server answered without any answer. Its log may say why."),
        Code.bad_key.value: say(
            "The key has characters that no key can have. Is it a key, and alone on its line? "
            "It is read from %(key)s."
        ),
    }
)
NO_KEY = say("The server asks for a key, and the profile names none. Add key_env or key_file.")
WRONG_KEY = say("The server did not accept the key. It is read from %(key)s: is it the right one?")
NOT_FOR_KEY = say("The server does not let this key use %(model)s. It says: %(message)s")
NO_QUOTA = say("The account has nothing left to spend there. The server says: %(message)s")
NO_DEPLOYMENT = say(
    "Azure has no deployment with the name %(model)s there, or does not know the api-version. "
    "It says: %(message)s"
)
NOT_PULLED = say("Ollama does not have %(model)s yet. `ollama pull %(model)s` gets it.")
NO_MODEL = say(
    "The server has no model with the name %(model)s, or nothing at %(url)s. It says: %(message)s"
)
FILTERED = say("The provider's filter refused this question. The endpoint itself works.")
TOO_MANY = say(
    "The server is asked too much at once. The endpoint itself works: lower limits.concurrent or "
    "limits.per_minute."
)
NOT_UNDERSTOOD = say(
    "The server did not take the question as it was put. Look at model and sampling. "
    "It says: %(message)s"
)
IN_TROUBLE = say(
    "The server itself is in trouble (status %(status)s). Try again later. It says: %(message)s"
)


def explain(profile: Profile, fault: Fault) -> Said:
    """Say what is wrong and what to do about it."""
    if fault.type != OURS:
        return say(_of_server(profile, fault), **_values(profile, fault))
    found = FOUND_HERE.get(fault.code)
    return say(found, **_values(profile, fault)) if found else say(fault.message)


def _values(profile: Profile, fault: Fault) -> dict[str, str]:
    return {
        "host": profile.target.entry,
        "url": profile.base_url,
        "model": profile.model,
        "message": fault.message,
        "status": str(fault.status),
        "silence": str(profile.limits.timeout_s),
        "longest": str(profile.limits.longest_s),
        "key": profile.key_env or profile.key_file or "",
    }


def _of_server(profile: Profile, fault: Fault) -> Said:
    """Return what to say of a refusal, whichever words the server had for it."""
    if "content_filter" in (fault.code, fault.type):
        return FILTERED
    if fault.status == 402 or QUOTA & {fault.code, fault.type}:
        return NO_QUOTA
    if fault.status is None or fault.status < 400 or fault.status >= 500:
        return IN_TROUBLE
    return BY_STATUS.get(fault.status, _not_understood)(profile)


def _not_understood(_profile: Profile) -> Said:
    return NOT_UNDERSTOOD


def _key(profile: Profile) -> Said:
    return WRONG_KEY if profile.key_env or profile.key_file else NO_KEY


def _missing(profile: Profile) -> Said:
    if profile.provider in AZURE:
        return NO_DEPLOYMENT
    return NOT_PULLED if profile.provider is Provider.ollama else NO_MODEL


BY_STATUS: Mapping[int, Callable[[Profile], Said]] = MappingProxyType(
    {
        401: _key,
        403: lambda _profile: NOT_FOR_KEY,
        404: _missing,
        405: lambda _profile: FOUND_HERE[Code.not_openai.value],
        408: lambda _profile: FOUND_HERE[Code.silent.value],
        429: lambda _profile: TOO_MANY,
    }
)
