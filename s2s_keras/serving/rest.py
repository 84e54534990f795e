"""Requests to TensorFlow Serving's REST interface, with the standard library."""

import base64
import contextlib
import http.client
import json
import socket
import threading
import time
from urllib.parse import quote

import numpy as np

from s2s_keras.errors import InputError
from s2s_keras.serving.failures import DeadlineError, RefusedError, UnavailableError

_BUSY = 503
_TOO_LATE = 504


class Rest:
    """Sends requests in the column format, each over a connection of its own.

    Args:
        host: the server's name or address.
        port: its REST port.
    """

    def __init__(self, host, port):
        self._host, self._port = host, port

    def predict(self, spec, inputs, seconds):
        """The outputs of a signature, a dictionary of arrays."""
        request = {
            "signature_name": spec.signature,
            "inputs": {name: _to_json(value) for name, value in inputs.items()},
        }
        try:
            body = json.dumps(request).encode()
        except TypeError as error:
            raise InputError(f"JSON cannot hold these inputs: {error}") from error
        outputs = self._send("POST", f"{_path(spec)}:predict", body, seconds, "outputs")
        # TensorFlow Serving leaves out the name of an only output; no exported signature has one.
        if not isinstance(outputs, dict) or set(outputs) == {"b64"}:
            outputs = {"output": outputs}
        return {name: _to_array(value) for name, value in outputs.items()}

    def status(self, spec, seconds):
        """The state of each version, a dictionary."""
        states = self._send("GET", _path(spec), None, seconds, "model_version_status")
        return {int(each["version"]): each["state"] for each in states}

    def close(self):
        """Does nothing: no connection outlives its request."""

    def _send(self, method, path, body, seconds, wanted):
        """What the answer has under the name `wanted`."""
        end = time.monotonic() + seconds
        connection = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        try:
            connection.connect()
            with _cut_at(end, connection.sock):
                connection.request(method, path, body, {"Content-Type": "application/json"})
                response = connection.getresponse()
                status, data = response.status, response.read()
            if time.monotonic() >= end:
                raise TimeoutError
        except (socket.gaierror, http.client.InvalidURL, UnicodeError) as error:
            if getattr(error, "errno", None) == socket.EAI_AGAIN:
                raise UnavailableError(f"its name is not known now ({error})") from error
            raise InputError(f"no server at {self._host}: {error}") from error
        except ConnectionRefusedError as error:
            raise UnavailableError("connection refused") from error
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() >= end or isinstance(error, TimeoutError):
                raise DeadlineError from error
            raise UnavailableError(f"the connection broke ({error})") from error
        finally:
            connection.close()
        return _result(status, data, wanted)


@contextlib.contextmanager
def _cut_at(end, connected):
    """Cuts the connection of a socket at the time `end`, if it still stands.

    The timeout of a socket holds for one read: a server that sends little by little meets none.
    """

    def cut():
        with contextlib.suppress(OSError):  # It may have ended by itself.
            connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(end - time.monotonic(), 0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _result(status, data, wanted):
    try:
        answer = json.loads(data.decode("utf-8", "replace"))
    except ValueError:
        answer = None
    if status == http.HTTPStatus.OK and isinstance(answer, dict) and wanted in answer:
        return answer[wanted]
    known = isinstance(answer, dict) and "error" in answer
    message = answer["error"] if known else f"status {status}, and no JSON of TensorFlow Serving's"
    if status == _BUSY:
        raise UnavailableError(message)
    if status == _TOO_LATE:
        raise DeadlineError(message)
    raise RefusedError(message)


def _path(spec):
    path = f"/v1/models/{quote(spec.name, safe='')}"
    if spec.version is not None:
        path += f"/versions/{spec.version}"
    if spec.label is not None:
        path += f"/labels/{quote(spec.label, safe='')}"
    return path


def _to_json(value):
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_to_json(each) for each in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value


def _to_array(value):
    """An array of the type that an exported signature gives: JSON tells no types."""
    array = np.array(_decoded(value), object)
    kinds = {type(each) for each in array.flat}
    if kinds & {str, bytes}:
        return array
    return array.astype(np.int32 if kinds == {int} else np.float32)


def _decoded(value):
    if isinstance(value, list):
        return [_decoded(each) for each in value]
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return value
