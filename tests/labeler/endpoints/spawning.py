"""Starts `labeler call` again and again, each time as a process of its own that can be killed.

`python -m tests.labeler.endpoints.spawning` reads a line of JSON for each: its variables of the
environment. It answers with the process's id, and then, once it has ended, with how. All that is
slow to import is there before the first one, so that many can be killed in a short time.
"""

import json
import os
import sys

from labeler.cli import main
from labeler.endpoints import pacing


def spawn(environ: dict[str, str]) -> None:
    child = os.fork()
    if not child:
        os.environ.update(environ)
        pacing.FIRST_WAIT_S = pacing.FIRST_REST_S = 0.01
        main(["call", "--linger", "1"])
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    for line in sys.stdin:
        spawn(json.loads(line))
