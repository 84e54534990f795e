"""Peers in processes of their own, asked in turns.

Each peer has its own interpreter, so that no peer's threads, memory or settings act on another's
measurement. It is built once, and then waits without work while the others are measured.

A request and its answer are one line of JSON each, on the peer's standard input and output.
Whatever else a peer or its libraries write goes to standard error, which is kept in a file and
shown if the peer fails.
"""

import contextlib
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


class PeerError(RuntimeError):
    """A peer has failed. The message holds the end of what it wrote to standard error."""


class PeerProcess:
    """A peer in a process of its own. A context manager, which ends the process.

    Args:
        module: the name of a module with a class `Peer`. That class is made from `settings`; it has
            a dictionary `about`, and a method `measure` that takes a request's values by name and
            returns a dictionary.
        settings: keyword arguments for `Peer`, such as can be written as JSON.

    Attributes:
        about: what the peer says of itself.

    Raises:
        PeerError: if the peer cannot be built.
    """

    def __init__(self, module, settings):
        self.module = module
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (close() closes it)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.processes", module, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=_ROOT,
            env={"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ},
        )
        try:
            self.about = self._answer()
        except PeerError:
            self.close()
            raise

    def ask(self, **request):
        """The peer's `measure(**request)`.

        Raises:
            PeerError: if the peer fails.
        """
        # Where the peer has ended, there is no answer either, which says more.
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(request), file=self._process.stdin, flush=True)
        return self._answer()

    def close(self):
        """Ends the process."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _answer(self):
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            end = self._errors.read()[-2000:].decode(errors="replace")
            raise PeerError(f"{self.module} has failed:\n{end}")
        return json.loads(line)


def measure_in_turns(processes, rounds, **request):
    """Asks every peer once a round; every second round in the opposite order.

    What disturbs a machine for a while so falls on all peers alike.

    Args:
        processes: a dictionary of `PeerProcess`, by name.
        rounds: an integer.
        request: what each peer is asked, besides `number`, the round's number.

    Returns:
        By name, the list of answers, one a round.
    """
    answers = {name: [] for name in processes}
    for number in range(rounds):
        for name in list(processes)[:: -1 if number % 2 else 1]:
            answers[name].append(processes[name].ask(number=number, **request))
    return answers


def _serve(module, settings):
    """The other end: builds the peer, then answers each line until there are no more."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = importlib.import_module(module).Peer(**json.loads(settings))
    print(json.dumps(peer.about), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(peer.measure(**json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
