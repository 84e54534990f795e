"""The stand-in: its messages, its versions, and many requests at once."""

import json
import random
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
import tensorflow as tf
from serving_models import MARK
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.export.serving_files import WARM_UP_FILE
from s2s_keras.serving import Client
from s2s_keras.serving.stand_in import StandIn, main

THREADS = 8


def ask(server, path, body=None):
    """Status and JSON of the stand-in's answer."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(f"{server.rest_address}{path}", data) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_rest_by_column_and_by_row(server):
    path = "/v1/models/de-en/versions/1:predict"
    texts = ["Der Hund schläft.", "Ja"]
    status, columns = ask(server, path, {"inputs": {"text": texts}})
    assert (status, set(columns)) == (200, {"outputs"})
    assert set(columns["outputs"]) == {"text", "score"}
    # The name of an only input may be left out.
    assert ask(server, path, {"inputs": texts}) == (200, columns)
    _, rows = ask(server, path, {"instances": texts})
    texts_and_scores = zip(*(columns["outputs"][name] for name in ("text", "score")), strict=True)
    assert rows == {"predictions": [{"text": t, "score": s} for t, s in texts_and_scores]}
    _, named = ask(server, path, {"instances": [{"text": text} for text in texts]})
    assert named == rows


def test_rest_status_and_metadata(server):
    status, answer = ask(server, "/v1/models/de-en")
    assert status == 200
    ok = {"error_code": "OK", "error_message": ""}
    assert answer == {
        "model_version_status": [
            {"version": version, "state": "AVAILABLE", "status": ok} for version in ("2", "1")
        ]
    }
    _, one = ask(server, "/v1/models/de-en/labels/stable")
    assert [each["version"] for each in one["model_version_status"]] == ["1"]
    _, metadata = ask(server, "/v1/models/de-en/versions/1/metadata")
    assert metadata["model_spec"]["name"] == "de-en"
    assert metadata["model_spec"]["version"] == "1"
    signatures = metadata["metadata"]["signature_def"]["signature_def"]
    assert signatures["beam"]["inputs"]["text"]["dtype"] == "DT_STRING"
    assert signatures["tokens"]["outputs"]["tokens"]["dtype"] == "DT_INT32"


@pytest.mark.parametrize(
    ("status", "path", "body"),
    [
        (404, "/v1/models/nope:predict", {"inputs": ["x"]}),
        (404, "/v1/models/de-en/versions/9:predict", {"inputs": ["x"]}),
        (400, "/v1/models/de-en/labels/nope:predict", {"inputs": ["x"]}),
        (400, "/v1/models/de-en:predict", {"inputs": ["x"], "signature_name": "nope"}),
        (400, "/v1/models/de-en:predict", {"inputs": ["x"], "signature_name": 3}),
        (400, "/v1/models/de-en:predict", b"{"),
        (400, "/v1/models/de-en:predict", b"[" * 100_000),
        (400, "/v1/models/de-en:predict", {}),
        (400, "/v1/models/de-en:nope", {}),
        (400, "/v2", None),
        (404, "/v1/models/nope", None),
        (404, "/v1/models/de-en/versions/9", None),
    ],
)
def test_rest_errors(server, status, path, body):
    given, answer = ask(server, path, body)
    assert given == status
    assert set(answer) == {"error"}


def test_grpc_messages(server):
    channel = grpc.insecure_channel(server.grpc_address.removeprefix("grpc://"))
    with channel:
        prediction = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        request = predict_pb2.PredictRequest(output_filter=["score"])
        request.model_spec.name = "de-en"
        request.inputs["text"].CopyFrom(tf.make_tensor_proto(["Ja"]))
        response = prediction.Predict(request)
        assert set(response.outputs) == {"score"}
        assert response.model_spec.version.value == 2
        ask_for = get_model_metadata_pb2.GetModelMetadataRequest(
            model_spec=request.model_spec, metadata_field=["signature_def"]
        )
        packed = prediction.GetModelMetadata(ask_for).metadata["signature_def"]
        metadata = get_model_metadata_pb2.SignatureDefMap()
        assert packed.Unpack(metadata)
        assert {"serving_default", "beam", "attention", "tokens"} <= set(metadata.signature_def)
        status = get_model_status_pb2.GetModelStatusRequest(model_spec=request.model_spec)
        states = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(status)
        assert [each.version for each in states.model_version_status] == [2, 1]
        with pytest.raises(grpc.RpcError) as caught:
            prediction.Classify(predict_pb2.PredictRequest())
        assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED


@pytest.fixture(scope="module")
def sentences():
    """Sentences of many lengths."""
    pairs = load_corpus("grammar", "de", "en").split("test")
    words = " ".join(source for source, _ in pairs[:60]).split()
    lengths = random.Random(1)
    return [" ".join(lengths.sample(words, lengths.randrange(1, 20))) for _ in range(40)]


@pytest.fixture(scope="module")
def expected(signatures, sentences):
    """The translation of each, by version 1 without a server, one at a time."""
    answers = (signatures["serving_default"](text=tf.constant([each])) for each in sentences)
    return {
        sentence: answer["text"].numpy()[0].decode()
        for sentence, answer in zip(sentences, answers, strict=True)
    }


def test_a_saved_model_called_by_many_threads(signatures, sentences, expected):
    def translate(sentence):
        return signatures["serving_default"](text=tf.constant([sentence]))["text"].numpy()[0]

    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(translate, sentences * 4))
    assert [each.decode() for each in answers] == [expected[each] for each in sentences * 4]


@pytest.mark.parametrize("interface", ["rest_address", "grpc_address"])
def test_many_requests_at_once_get_each_its_answer(server, sentences, expected, interface):
    with Client(getattr(server, interface), "de-en") as client:

        def translate(sentence):
            (answer,) = client.translate([sentence], version=1)
            return answer.text

        with ThreadPoolExecutor(THREADS) as threads:
            answers = list(threads.map(translate, sentences * 5))
    assert answers == [expected[each] for each in sentences * 5]


def test_a_version_is_rolled_back_and_out_again_under_load(server, sentences, expected):
    clients = [Client(server.rest_address, "de-en"), Client(server.grpc_address, "de-en")]
    stop, answers, failures = threading.Event(), [], []

    def send(number):
        requests = random.Random(number)
        while not stop.wait(0.01):
            sentence, started = requests.choice(sentences), time.monotonic()
            try:
                (answer,) = clients[number % 2].translate([sentence])
                answers.append((started, sentence, answer.text))
            except Exception as error:
                failures.append(error)

    def later(count=20):
        """Answers to so many requests that begin from now on."""
        now, begun = time.monotonic(), []
        while len(begun) < count and not failures:
            stop.wait(0.02)
            begun = [each for each in list(answers) if each[0] > now]
        return begun

    threads = [threading.Thread(target=send, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        newest = later()
        server.unload(2)
        assert clients[0].status() == {1: "AVAILABLE", 2: "END"}
        rolled_back = later()
        server.load(2)
        rolled_out = later()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    for part, mark in ((newest, MARK), (rolled_back, ""), (rolled_out, MARK)):
        assert all(text == mark + expected[sentence] for _, sentence, text in part)
    assert all(text.removeprefix(MARK) == expected[sentence] for _, sentence, text in answers)


def test_a_label_needs_a_loaded_version(server):
    with pytest.raises(InputError, match="version 9 of model de-en, which is not available"):
        server.set_label("gold", 9)


@pytest.fixture
def broken(served, tmp_path):
    shutil.copytree(served, tmp_path / "broken")
    return tmp_path / "broken"


def unknown_signature():
    log = prediction_log_pb2.PredictionLog()
    log.predict_log.request.model_spec.signature_name = "nope"
    return log.SerializeToString()


@pytest.mark.parametrize(
    ("record", "cut", "message"),
    [(unknown_signature(), 0, "Serving signature key"), (b"x" * 99, 9, "truncated record")],
)
def test_a_version_whose_warm_up_fails_is_not_loaded(broken, record, cut, message):
    path = broken / "1" / WARM_UP_FILE
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(record)
    path.write_bytes(path.read_bytes()[: path.stat().st_size - cut])
    with pytest.raises(InputError, match=f"1: not loaded: .*{message}") as caught:
        StandIn(broken, versions=[1])
    assert len(str(caught.value).splitlines()) == 1


def test_truncated_variables(broken, capfd):
    variables = next((broken / "2/variables").glob("*.data-*"))
    variables.write_bytes(variables.read_bytes()[:1000])
    assert main([str(broken), "--rest-port", "0", "--grpc-port", "0"]) == 2
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.startswith(f"stand-in: {broken / '2'}: not loaded: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{tmp}"], "{tmp}: holds no exported version, such as {tmp}/1"),
        (["{tmp}/none"], "{tmp}/none: holds no exported version"),
        (["{served}", "--version", "9"], "{served}/9: not loaded: "),
        (["{served}", "--version", "1", "--rest-port", "{taken}"], "REST port {taken} is not free"),
    ],
)
def test_bad_input_ends_with_one_line_and_code_2(
    served, tmp_path, server, arguments, message, capfd
):
    taken = server.rest_address.rpartition(":")[-1]
    places = {"tmp": tmp_path, "served": served, "taken": taken}
    assert main([each.format(**places) for each in arguments]) == 2
    last = capfd.readouterr().err.splitlines()[-1]
    assert last.startswith(f"stand-in: {message.format(**places)}")


def test_the_command_serves_until_it_is_ended(served):
    command = [sys.executable, "-m", "s2s_keras.serving.stand_in", str(served), "--name", "m"]
    process = subprocess.Popen(
        [*command, "--rest-port", "0", "--grpc-port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        lines = iter(process.stderr.readline, "")
        assert any("no TensorFlow Serving" in line for line in lines)
        said = next(line for line in lines if "http://" in line)
        address = said.split()[2].rstrip(",")
        assert Client(address, "m").status() == {2: "AVAILABLE"}
    finally:
        process.terminate()
    assert process.wait(timeout=20) == 0
    process.stderr.close()
