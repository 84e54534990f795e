"""JSON as TensorFlow Serving reads and writes it."""

import json

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from s2s_keras.serving.json_tensors import read_inputs, read_request, write_outputs
from s2s_keras.serving.serving_error import ServingError


def infos(**dtypes):
    return {
        name: meta_graph_pb2.TensorInfo(dtype=dtype.as_datatype_enum)
        for name, dtype in dtypes.items()
    }


TEXT = infos(text=tf.string)
TWO = infos(text=tf.string, ids=tf.int32)


@pytest.mark.parametrize("request_", [{"inputs": ["a", "b"]}, {"inputs": {"text": ["a", "b"]}}])
def test_columns(request_):
    inputs, by_row = read_inputs(request_, TEXT)
    assert inputs["text"].tolist() == [b"a", b"b"]
    assert not by_row


@pytest.mark.parametrize("rows", [["a", "b"], [{"text": "a"}, {"text": "b"}]])
def test_rows(rows):
    inputs, by_row = read_inputs({"instances": rows}, TEXT)
    assert inputs["text"].tolist() == [b"a", b"b"]
    assert by_row


def test_bytes_of_any_kind_reach_the_tensor():
    signature, request = read_request(b'{"inputs": [{"b64": "/w=="}, "\xfe", "\\u0000"]}')
    assert signature == "serving_default"
    assert read_inputs(request, TEXT)[0]["text"].tolist() == [b"\xff", b"\xfe", b"\0"]


def test_an_empty_batch():
    assert read_inputs({"inputs": {"text": []}}, TEXT)[0]["text"].shape == (0,)


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"inputs": ["a"], "instances": ["a"]},
        {"instances": []},
        {"instances": "a"},
        {"instances": [{"text": "a"}, "b"]},
        {"instances": ["a", {"text": "b"}]},
        {"inputs": {"other": ["a"]}},
        {"inputs": [1]},
        {"inputs": [None]},
        {"inputs": ["a", ["b"]]},
        {"inputs": [["a"], ["b", "c"]]},
        {"inputs": [["a"], "b"]},
        {"inputs": ["\ud800"]},
        {"inputs": [{"b64": "!"}]},
    ],
)
def test_what_is_refused(request_):
    with pytest.raises(ServingError) as caught:
        read_inputs(request_, TEXT)
    assert caught.value.http_status == 400


@pytest.mark.parametrize("ids", [[1.5], [True], ["1"], [2**31]])
def test_ids_must_be_int32(ids):
    with pytest.raises(ServingError, match="expected type: int32"):
        read_inputs({"inputs": {"text": ["a"], "ids": ids}}, TWO)


def test_two_inputs_need_their_names():
    with pytest.raises(ServingError, match="multiple input tensors required"):
        read_inputs({"inputs": ["a"]}, TWO)


def written(outputs, by_row):
    return json.loads(write_outputs(outputs, by_row))


def test_outputs_by_column_and_by_row():
    outputs = {"text": np.array([b"\xc3\xa4", b""], object), "score": np.array([0.5, 1.0])}
    assert written(outputs, False) == {"outputs": {"text": ["ä", ""], "score": [0.5, 1.0]}}
    rows = [{"text": "ä", "score": 0.5}, {"text": "", "score": 1.0}]
    assert written(outputs, True) == {"predictions": rows}


def test_an_only_output_has_no_name():
    assert written({"ids": np.array([[1], [2]])}, False) == {"outputs": [[1], [2]]}
    assert written({"ids": np.array([[1], [2]])}, True) == {"predictions": [[1], [2]]}


def test_outputs_named_bytes_are_base64():
    outputs = {"text_bytes": np.array([b"\xff"], object)}
    assert written(outputs, False) == {"outputs": [{"b64": "/w=="}]}
