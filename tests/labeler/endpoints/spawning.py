"""Starts `labeler call` again and again, each time as a process of its own that can be killed.

`python -m tests.labeler.endpoints.spawning` reads a line for each. It answers with the process's
id, and then, once it has ended, with how. All that is
slow to import is there before the first one, so that many can be killed in a short time.
"""

import os
import sys

from labeler.cli import main
from labeler.endpoints import pacing


def spawn() -> None:
    child = os.fork()
    if not child:
        pacing.FIRST_WAIT_S = pacing.FIRST_REST_S = 0.01
        main(["call", "--linger", "1"])
    print(child, flush=True)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    for _line in sys.stdin:
        spawn()
