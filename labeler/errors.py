"""The refusals that rules raise and doors translate. Anything else that is raised is a bug."""

from collections.abc import Mapping


class Refusal(Exception):
    """A request that is understood and not carried out; the message speaks to the reader.

    `fields` names what was wrong where: a form's field, a setting, a line of a file.
    """

    status = 400
    code = "refused"

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})


class Invalid(Refusal):
    """What was given cannot be taken."""

    status = 422
    code = "invalid"


class Forbidden(Refusal):
    """The person is known here but may not do this."""

    status = 403
    code = "forbidden"


class NotFound(Refusal):
    """There is no such thing for this person."""

    status = 404
    code = "not_found"


class Conflict(Refusal):
    """Something else happened first."""

    status = 409
    code = "conflict"


class Busy(Refusal):
    """The database cannot serve this just now; the same request may succeed later."""

    status = 503
    code = "busy"
