"""Requests to TensorFlow Serving's gRPC interface."""

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from s2s_keras.errors import InputError
from s2s_keras.serving.failures import DeadlineError, RefusedError, UnavailableError

_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # The client tries again, and waits no longer than it says.
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
]


class RemoteCalls:
    """Sends requests over one connection, which threads share.

    Args:
        host: the server's name or address.
        port: its gRPC port.
    """

    def __init__(self, host, port):
        host = f"[{host}]" if ":" in host else host
        self._channel = grpc.insecure_channel(f"{host}:{port}", options=_OPTIONS)
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)
        self._model = model_service_pb2_grpc.ModelServiceStub(self._channel)

    def predict(self, spec, inputs, seconds):
        """The outputs of a signature, a dictionary of arrays."""
        request = predict_pb2.PredictRequest(
            model_spec=_to_proto(spec),
            inputs={name: _to_tensor(name, value) for name, value in inputs.items()},
        )
        response = _call(self._prediction.Predict, request, seconds)
        return {name: _to_array(value) for name, value in response.outputs.items()}

    def status(self, spec, seconds):
        """The state of each version, a dictionary."""
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=_to_proto(spec))
        response = _call(self._model.GetModelStatus, request, seconds)
        states = get_model_status_pb2.ModelVersionStatus.State
        return {each.version: states.Name(each.state) for each in response.model_version_status}

    def close(self):
        """Closes the connection."""
        self._channel.close()


def _call(method, request, seconds):
    try:
        return method(request, timeout=seconds)
    except grpc.RpcError as error:
        message = error.details() or error.code().name
        if error.code() == grpc.StatusCode.UNAVAILABLE:
            raise UnavailableError(message) from error
        if error.code() == grpc.StatusCode.DEADLINE_EXCEEDED:
            raise DeadlineError(message) from error
        raise RefusedError(message) from error


def _to_proto(spec):
    proto = model_pb2.ModelSpec(name=spec.name, signature_name=spec.signature)
    if spec.version is not None:
        proto.version.value = spec.version
    if spec.label is not None:
        proto.version_label = spec.label
    return proto


def _to_tensor(name, value):
    try:
        value = _encoded(value)
        # No value tells its type; of what exported signatures take, only texts can be none.
        return tf.make_tensor_proto(value if len(value) else np.array([], object))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} makes no tensor: {error}") from error


def _encoded(value):
    if isinstance(value, list | tuple):
        return [_encoded(each) for each in value]
    return value.encode() if isinstance(value, str) else value


def _to_array(proto):
    array = tf.make_ndarray(proto)
    if array.dtype != object:
        return array
    texts = [each.decode("utf-8", "replace") for each in array.ravel()]
    return np.array(texts, object).reshape(array.shape)
