"""`python -m labeler` is the command `labeler`."""

from labeler.cli import main

main(prog_name="labeler")
