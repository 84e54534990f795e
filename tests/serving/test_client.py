"""The client, over real sockets."""

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import pytest
import tensorflow as tf
from serving_models import MARK
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from s2s_keras.errors import InputError
from s2s_keras.serving import Client, Translation

AWKWARD = [
    "Der Hund schläft.",
    "",
    "   ",
    "🤖 日本語 \U0010ffff",
    "a\0b\0",
    'say "x" \\ \u2028\x7f',
    b"\xff\xfe Hund",
    b"\xed\xa0\x80",
]


def as_tensor(texts):
    return tf.constant([text.encode() if isinstance(text, str) else text for text in texts])


def as_strings(array):
    return np.vectorize(lambda each: each.decode(), otypes=[object])(array)


def direct(signatures, texts, signature="serving_default"):
    """What a signature gives without a server."""
    answer = signatures[signature](text=as_tensor(texts))
    texts = as_strings(answer["text"].numpy())
    return [Translation(*each) for each in zip(texts, answer["score"].numpy(), strict=True)]


def test_every_text_comes_back_translated(client, signatures):
    assert client.translate(AWKWARD, version=1) == direct(signatures, AWKWARD)


@pytest.mark.parametrize("signature", ["beam", "attention"])
def test_every_signature_of_text_translates(client, signatures, signature):
    texts = ["Der Hund schläft.", "Die Katze."]
    answer = client.translate(texts, signature, version=1)
    expected = direct(signatures, texts, signature)
    assert [each.text for each in answer] == [each.text for each in expected]
    np.testing.assert_allclose(
        [each.score for each in answer], [each.score for each in expected], rtol=1e-5
    )


def test_a_compiled_signature_translates(server, signatures):
    texts = ["Der Hund schläft."]
    (answer,) = Client(server.rest_address, "de-en").translate(texts, "serving_fast", version=1)
    assert answer.text == direct(signatures, texts)[0].text


def test_attention_gives_tokens_and_weights(client, signatures):
    texts = ["Der Hund schläft.", "Ja"]
    answer = client.predict("attention", version=1, text=texts)
    expected = signatures["attention"](text=tf.constant(texts))
    assert set(answer) == set(expected)
    for name, value in expected.items():
        value = value.numpy()
        if value.dtype == object:
            assert answer[name].tolist() == as_strings(value).tolist()
        else:
            assert answer[name].dtype == np.float32
            np.testing.assert_allclose(answer[name], value, rtol=1e-5, atol=1e-6)


SOURCE = [[261, 262, 263, 3], [264, 3, 0, 0]]


@pytest.mark.parametrize("source", [SOURCE, np.array(SOURCE, np.int32)], ids=["list", "array"])
def test_ids_in_ids_out(client, signatures, source):
    answer = client.predict("tokens", version=1, source=source)
    expected = signatures["tokens"](source=tf.constant(SOURCE))
    assert answer["tokens"].dtype == np.int32
    assert answer["tokens"].tolist() == expected["tokens"].numpy().tolist()
    np.testing.assert_allclose(answer["score"], expected["score"], rtol=1e-5)


def test_versions_by_number_and_by_label(client):
    text = ["Der Hund schläft."]
    (first,) = client.translate(text, version=1)
    (second,) = client.translate(text, version=2)
    assert second.text == MARK + first.text
    assert client.translate(text, label="stable") == [first]
    assert client.translate(text, label="canary") == [second]
    assert client.translate(text) == [second], "the newest"
    assert client.status() == {1: "AVAILABLE", 2: "AVAILABLE"}


def test_a_huge_text_is_cut(client, signatures):
    texts = ["Hund " * 100_000]
    assert client.translate(texts, version=1) == direct(signatures, texts)


REFUSED = {
    "model de-en has no version 3: ": {"version": 3},
    "model de-en has no label gold: ": {"label": "gold"},
    "model de-en has no signature nope: ": {"signature": "nope"},
    "version 1 and label stable: give one of them": {"version": 1, "label": "stable"},
    "text 1 is no valid Unicode: ": {"texts": ["\ud800"]},
    "translate takes a list of texts": {"texts": "Hund"},
    " refused the request: ": {"texts": [["Hund"]]},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_refused_is_told_in_one_line(client, message):
    with pytest.raises(InputError) as caught:
        client.translate(**{"texts": ["Hund"], **REFUSED[message]})
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


WRONG_INPUTS = [
    {"text": ["Hund"]},
    {"source": ["Hund"]},
    {"source": [[1.5]]},
    {"source": [261, 3]},
    {"source": {261, 3}},
    {"source": [[261, 3], [3]]},
]


@pytest.mark.parametrize("inputs", WRONG_INPUTS)
def test_inputs_that_do_not_fit_are_told_in_one_line(client, inputs):
    with pytest.raises(InputError) as caught:
        client.predict("tokens", **inputs)
    assert len(str(caught.value).splitlines()) == 1


def test_an_unknown_model(address):
    client = Client(address, "nope")
    for call in (client.status, lambda: client.translate(["Hund"])):
        with pytest.raises(InputError, match=f"^no model nope at {address}: "):
            call()


@pytest.mark.parametrize(
    "address",
    ["localhost:8501", "ftp://x:1", "http://x", "grpc://x", "http://x:1/v1", "http://x:q"],
)
def test_an_address_of_another_form(address):
    with pytest.raises(InputError, match="not of the form http://HOST:PORT or grpc://HOST:PORT"):
        Client(address, "de-en")


def test_grpc_may_be_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "s2s_keras.serving.remote_calls", None)
    with pytest.raises(InputError, match=r"pip install 's2s_keras\[serving\]', or use REST"):
        Client("grpc://localhost:8500", "de-en")


def test_rest_needs_no_tensorflow():
    program = (
        "import sys; from s2s_keras.serving import Client; Client('http://localhost:1', 'm');"
        "print({'keras', 'tensorflow', 'grpc'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return listening.getsockname()[1]


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_no_server(scheme, closed_port):
    address = f"{scheme}://127.0.0.1:{closed_port}"
    client = Client(address, "de-en", tries=2)
    assert client.translate([]) == [], "nothing is sent"
    with pytest.raises(InputError, match=f"^no server at {address}: .*refused.*2 times tried"):
        client.translate(["Hund"])


@pytest.mark.parametrize("host", ["nohost.invalid", "no..host"])
def test_a_host_without_address(host):
    with pytest.raises(InputError, match=f"^no server at {re.escape(host)}: "):
        Client(f"http://{host}:8501", "de-en").status()


@pytest.mark.parametrize("scheme", ["http", "grpc"])
def test_a_server_that_never_answers_meets_the_deadline(scheme):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(InputError, match=f"^no answer from {address} within 0.5 seconds"):
            Client(address, "de-en", deadline=0.5).translate(["Hund"])
        assert 0.4 < time.monotonic() - started < 2


@contextlib.contextmanager
def http_server(answers):
    """An HTTP server that gives one answer after the other, and the paths that it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            answers[min(len(asked), len(answers)) - 1](self)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def json_answer(status, value):
    def answer(handler):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def hang_up(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)


def cut_short(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"outputs"')


def drip(handler):
    handler.send_response(200)
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(100):
            handler.wfile.write(b" ")
            time.sleep(0.05)


def drip_headers(handler):
    with contextlib.suppress(OSError):
        for letter in b"HTTP/1.1 200 OK\r\n" + 100 * b"x":
            handler.wfile.write(bytes([letter]))
            time.sleep(0.05)


def stall(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    time.sleep(0.25)
    handler.wfile.write(b"{")
    time.sleep(2)


GOOD = json_answer(200, {"outputs": {"text": ["A dog"], "score": [-0.5]}})
BUSY = json_answer(503, {"error": "The batch scheduling queue is full"})


@pytest.mark.parametrize("failing", [BUSY, hang_up, cut_short])
def test_what_another_try_may_mend_is_tried_again(failing):
    with http_server([failing, failing, GOOD]) as (address, asked):
        assert Client(address, "a b").translate(["Hund"]) == [Translation("A dog", -0.5)]
    assert asked == ["/v1/models/a%20b:predict"] * 3


def test_tries_end():
    with (
        http_server([BUSY]) as (address, asked),
        pytest.raises(InputError, match=r"queue is full \(3 times tried\)$"),
    ):
        Client(address, "m", tries=3).translate(["Hund"])
    assert len(asked) == 3


def test_no_wait_goes_beyond_the_deadline():
    with http_server([BUSY]) as (address, _):
        started = time.monotonic()
        with pytest.raises(InputError, match=r"within 0.4 seconds: .*queue is full"):
            Client(address, "m", deadline=0.4, tries=50).translate(["Hund"])
        assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("status", "value", "message"),
    [
        (400, {"error": "wrong\n  shape"}, "refused the request: wrong shape"),
        (400, {"error": "Could not find variable bias"}, "refused the request: Could not find var"),
        (404, {"error": "Servable not found for request: Latest(m)"}, "^no model m at http"),
        (500, {"error": "XLA compilation disabled"}, "needs a server started with --xla_cpu"),
        (404, b"<html>", "status 404, and no JSON of TensorFlow Serving's"),
        (200, b"<html>", "status 200, and no JSON of TensorFlow Serving's"),
        (200, {"answer": 42}, "status 200, and no JSON of TensorFlow Serving's"),
        (504, {"error": "slow"}, "no answer from http.* within 30 seconds"),
    ],
)
def test_what_no_other_try_can_mend_is_tried_once(status, value, message):
    with (
        http_server([json_answer(status, value)]) as (address, asked),
        pytest.raises(InputError, match=message) as caught,
    ):
        Client(address, "m").translate(["Hund"])
    assert len(asked) == 1
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("slow", [drip, drip_headers, stall])
def test_an_answer_that_drips_meets_the_deadline(slow):
    with http_server([slow]) as (address, _):
        started = time.monotonic()
        with pytest.raises(InputError, match=r"within 0\.3 seconds"):
            Client(address, "m", deadline=0.3).translate(["Hund"])
        assert time.monotonic() - started < 1


def test_a_name_that_is_not_known_yet_is_tried_again(monkeypatch):
    asked = []

    def unknown(*_):
        asked.append(1)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: unknown())
    with pytest.raises(InputError, match=r"Temporary failure.* \(3 times tried\)$"):
        Client("http://serving:8501", "m", tries=3).translate(["Hund"])
    assert len(asked) == 3


def test_a_signature_that_gives_no_text():
    with (
        http_server([json_answer(200, {"outputs": {"tokens": [[3]], "score": [0.0]}})]) as (
            address,
            _,
        ),
        pytest.raises(InputError, match="gives score, tokens, not text and score"),
    ):
        Client(address, "m").translate(["Hund"], "other")


def test_bytes_and_single_outputs_over_rest():
    answer = json_answer(200, {"outputs": [{"b64": "/w=="}]})
    with http_server([answer]) as (address, _):
        assert Client(address, "m").predict(text=["x"])["output"].tolist() == [b"\xff"]


class Unsteady(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Is unavailable for two calls."""

    def __init__(self, code):
        self.code, self.calls = code, 0

    def Predict(self, request, context):  # noqa: N802
        self.calls += 1
        if self.calls <= 2:
            context.abort(self.code, "busy")
        response = predict_pb2.PredictResponse()
        response.outputs["text"].CopyFrom(tf.make_tensor_proto([b"A dog"]))
        response.outputs["score"].CopyFrom(tf.make_tensor_proto([-0.5]))
        return response


@contextlib.contextmanager
def grpc_server(servicer):
    server = grpc.server(futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"grpc://127.0.0.1:{port}"
    finally:
        server.stop(None)


def test_grpc_tries_again_when_the_server_is_unavailable():
    servicer = Unsteady(grpc.StatusCode.UNAVAILABLE)
    with grpc_server(servicer) as address, Client(address, "m") as client:
        assert client.translate(["Hund"]) == [Translation("A dog", -0.5)]
    assert servicer.calls == 3


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "NOT_FOUND", "INTERNAL"])
def test_grpc_does_not_try_again_when_it_is_refused(code):
    servicer = Unsteady(grpc.StatusCode[code])
    with (
        grpc_server(servicer) as address,
        Client(address, "m") as client,
        pytest.raises(InputError, match="busy"),
    ):
        client.translate(["Hund"])
    assert servicer.calls == 1
