"""Which peers a run measures."""

import importlib.util
import sys
from typing import NamedTuple

from s2s_keras.errors import InputError


class Peer(NamedTuple):
    """Where a peer is found.

    Attributes:
        module: a module with a class `Peer`; see `benchmarks.processes`.
        needs: the module of an optional package, which `make peers` installs.
    """

    module: str
    needs: str | None = None

    def is_installed(self):
        """Whether what the peer needs is there."""
        return self.needs is None or importlib.util.find_spec(self.needs) is not None


def choose_peers(peers, names=None):
    """The peers to measure, in the order of `names`.

    Args:
        peers: a dictionary of `Peer`, by name.
        names: names separated by commas; all that are installed unless given.

    Raises:
        InputError: if there is no such peer, or it is not installed.
    """
    if names is None:
        missing = [name for name, peer in peers.items() if not peer.is_installed()]
        if missing:
            say(f"left out, as not installed (make peers): {', '.join(missing)}")
        return {name: peer for name, peer in peers.items() if name not in missing}
    chosen = {}
    for name in names.split(","):
        if name not in peers:
            raise InputError(f"--peers {name}: choose some of {','.join(peers)}")
        if not peers[name].is_installed():
            raise InputError(f"--peers {name}: not installed: run make peers")
        chosen[name] = peers[name]
    return chosen


def packages(peers):
    """The optional packages that `peers` need."""
    return sorted({peer.needs for peer in peers.values() if peer.needs})


def say(line):
    """Prints a line about the progress, on standard error."""
    print(line, file=sys.stderr, flush=True)
