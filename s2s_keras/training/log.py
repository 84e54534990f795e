"""What a training tells."""

import sys


def say(line):
    """Writes a line to standard error, where progress goes."""
    print(line, file=sys.stderr, flush=True)
