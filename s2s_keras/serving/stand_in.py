"""A stand-in for TensorFlow Serving, for tests and for trying things out.

It is no TensorFlow Serving: it does not batch requests, watches no folder, is not built for speed
and guards against nothing. It speaks the same REST and gRPC messages over real sockets, so that
what a client says to it can be said to TensorFlow Serving.

    python -m s2s_keras.serving.stand_in runs/demo/export --rest-port 8501 --grpc-port 8500
"""

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from s2s_keras.errors import InputError

_HOST = "127.0.0.1"
_log = logging.getLogger("s2s_keras.serving.stand_in")


class StandIn:
    """Serves an exported folder on this machine until it is closed.

    Several versions may be loaded at once. A request that names none gets the newest. It ends on
    the version that it began with, whatever is unloaded meanwhile.

    Args:
        folder: an exported folder.
        name: the model's name, the folder's unless given.
        versions: the numbers of the versions to load, the newest alone unless given.
        rest_port: the port of the REST interface, a free one unless given.
        grpc_port: the port of the gRPC interface, a free one unless given.

    Attributes:
        rest_address: `http://HOST:PORT`.
        grpc_address: `grpc://HOST:PORT`.

    Raises:
        InputError: if there is no such version, one cannot be loaded, or a port is taken.

    Example:
        >>> with StandIn("runs/demo/export", "demo") as server:
        ...     print(Client(server.rest_address, "demo").translate(["Ein Hund schläft."]))
    """

    def __init__(self, folder, name=None, versions=None, rest_port=0, grpc_port=0):
        _log.warning("this is a stand-in to try things out with, and no TensorFlow Serving")
        make_versions, make_rest, make_grpc = _parts()
        self._folder = Path(folder)
        self.name = name or self._folder.resolve().name
        self._versions = make_versions(self.name, self._folder)
        for version in versions or [_newest(self._folder)]:
            self.load(version)
        self._rest = _listen("REST", rest_port, make_rest, self._versions)
        try:
            self._grpc, port = _listen("gRPC", grpc_port, make_grpc, self._versions)
        except InputError:
            self._rest.server_close()
            raise
        self.rest_address = f"http://{_HOST}:{self._rest.server_port}"
        self.grpc_address = f"grpc://{_HOST}:{port}"
        self._grpc.start()
        # Looks so often whether it shall end.
        threading.Thread(target=self._rest.serve_forever, args=(0.05,), daemon=True).start()
        _log.warning("%s: %s, %s", self.name, self.rest_address, self.grpc_address)

    def load(self, version):
        """Loads a version and runs its warm-up requests, beside those that are loaded.

        Raises:
            InputError: if that fails.
        """
        from s2s_keras.serving.serving_error import ServingError

        try:
            self._versions.load(version)
        except ServingError as error:
            reason = " ".join(str(error).split())[:300]
            raise InputError(f"{self._folder / str(version)}: not loaded: {reason}") from error
        _log.warning("%s: version %d is loaded", self.name, version)

    def unload(self, version):
        """Takes a version away from later requests."""
        self._versions.unload(version)
        _log.warning("%s: version %d is unloaded", self.name, version)

    def set_label(self, label, version):
        """Gives a label to a loaded version, taking it from another.

        Raises:
            InputError: if the version is not loaded.
        """
        from s2s_keras.serving.serving_error import ServingError

        try:
            self._versions.set_label(label, version)
        except ServingError as error:
            raise InputError(str(error)) from error

    def close(self):
        """Stops serving."""
        self._rest.shutdown()
        self._rest.server_close()
        self._grpc.stop(grace=5).wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def main(arguments=None):
    """Serves an exported folder until it is interrupted, and gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m s2s_keras.serving.stand_in",
        description="Serve an exported folder to try it out. This is no TensorFlow Serving.",
    )
    parser.add_argument("export", help="an exported folder")
    parser.add_argument("--name", help="the model's name (the folder's)")
    parser.add_argument(
        "--version", type=int, action="append", help="a version to load (the newest); repeat it"
    )
    parser.add_argument("--rest-port", type=int, default=8501, help="(%(default)s)")
    parser.add_argument("--grpc-port", type=int, default=8500, help="(%(default)s)")
    options = parser.parse_args(arguments)
    logging.basicConfig(format="stand-in: %(message)s", stream=sys.stderr)
    # Before it says where it serves: who reads that may end it at once.
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        server = StandIn(
            options.export, options.name, options.version, options.rest_port, options.grpc_port
        )
    except InputError as error:
        print(f"stand-in: {error}", file=sys.stderr)
        return 2
    with server:
        ended.wait()
    return 0


def _parts():
    try:
        from s2s_keras.serving.stand_in_grpc import grpc_server
        from s2s_keras.serving.stand_in_rest import rest_server
        from s2s_keras.serving.versions import Versions
    except ModuleNotFoundError as error:
        message = f"{error.name} is not installed: pip install 's2s_keras[serving]'"
        raise InputError(message) from error
    return Versions, rest_server, grpc_server


def _newest(folder):
    from s2s_keras.export.deployed import exported_versions

    versions = exported_versions(folder)
    if not versions:
        raise InputError(f"{folder}: holds no exported version, such as {Path(folder, '1')}")
    return versions[-1]


def _listen(kind, port, make, versions):
    try:
        return make((_HOST, port), versions)
    except (OSError, OverflowError, RuntimeError) as error:
        raise InputError(f"{kind} port {port} is not free: choose another") from error


if __name__ == "__main__":
    sys.exit(main())
