"""The REST interface of the stand-in."""

import contextlib
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from google.protobuf import json_format
from tensorflow_serving.apis import model_pb2

from s2s_keras.serving.json_tensors import read_inputs, read_request, write_outputs
from s2s_keras.serving.messages import signature_map, status_response
from s2s_keras.serving.serving_error import ServingError

_MODEL = r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?"
_PREDICT = re.compile(f"{_MODEL}:predict", re.IGNORECASE)
_METADATA = re.compile(f"{_MODEL}/metadata", re.IGNORECASE)
_STATUS = re.compile(_MODEL, re.IGNORECASE)
_SECONDS = 30  # TensorFlow Serving's --rest_api_timeout_in_ms.


def rest_server(address, versions):
    """An HTTP server, not yet running.

    Args:
        address: host and port.
        versions: the model's `Versions`.
    """
    server = _Server(address, _Handler)
    server.versions = versions
    return server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        self._answer("GET", b"")

    def do_POST(self):
        self._answer("POST", self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def log_message(self, *_):
        """Writes no line a request."""

    def _answer(self, method, body):
        try:
            status, data = 200, _result(self.server.versions, method, self.path, body)
        except ServingError as error:
            status, data = error.http_status, json.dumps({"error": str(error)}).encode()
        # A client may have hung up at its deadline.
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)


def _result(versions, method, path, body):
    if method == "POST" and (match := _PREDICT.fullmatch(path)):
        return _predict(versions, _model(match), body)
    if method == "GET" and (match := _METADATA.fullmatch(path)):
        return _metadata(versions, _model(match))
    if method == "GET" and (match := _STATUS.fullmatch(path)):
        return _json(status_response(versions.states(*_model(match))))
    raise ServingError("INVALID_ARGUMENT", f"Malformed request: {method} {path}")


def _model(match):
    name, version, label = match.groups()
    version = None if version is None else int(version)
    return unquote(name), version, None if label is None else unquote(label)


def _predict(versions, model, body):
    name, request = read_request(body)
    _, servable = versions.find(*model)
    signature = servable.signature(name)
    if signature is None:
        message = f'Serving signature name: "{name}" not found in signature def'
        raise ServingError("INVALID_ARGUMENT", message)
    inputs, by_row = read_inputs(request, signature.inputs)
    return write_outputs(servable.predict(name, inputs, seconds=_SECONDS), by_row)


def _metadata(versions, model):
    version, servable = versions.find(*model)
    spec = model_pb2.ModelSpec(name=model[0])
    spec.version.value = version
    return _json({"model_spec": spec, "metadata": {"signature_def": signature_map(servable)}})


def _as_dictionary(message):
    return json_format.MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )


def _json(value):
    """JSON of a message, or of a dictionary that holds some."""
    return json.dumps(value, default=_as_dictionary).encode()
