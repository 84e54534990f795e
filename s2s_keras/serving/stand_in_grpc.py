"""The gRPC interface of the stand-in."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from s2s_keras.serving.messages import signature_map, status_response
from s2s_keras.serving.serving_error import ServingError

_THREADS = 16
_SECONDS = 3600  # A call without a deadline has one that no option can hold.
_OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def grpc_server(address, versions):
    """A gRPC server, not yet running, and its port.

    Args:
        address: host and port.
        versions: the model's `Versions`.

    Raises:
        RuntimeError: if the port is taken.
    """
    # Without this a second server may listen on the same port and take half of the requests.
    options = [*_OPTIONS, ("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=options)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        _PredictionService(versions), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(_ModelService(versions), server)
    return server, server.add_insecure_port("{}:{}".format(*address))


class _PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, versions):
        self._versions = versions

    def Predict(self, request, context):  # noqa: N802 (the name in the protocol)
        with _Failing(context):
            spec = request.model_spec
            version, servable = self._versions.find(*_model(spec))
            inputs = {name: _array(name, value) for name, value in request.inputs.items()}
            outputs = servable.predict(
                spec.signature_name or "serving_default",
                inputs,
                request.output_filter,
                min(context.time_remaining(), _SECONDS),
            )
            response = predict_pb2.PredictResponse(model_spec=spec)
            response.model_spec.version.value = version
            for name, value in outputs.items():
                response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
            return response

    def GetModelMetadata(self, request, context):  # noqa: N802
        with _Failing(context):
            version, servable = self._versions.find(*_model(request.model_spec))
            response = get_model_metadata_pb2.GetModelMetadataResponse(
                model_spec=request.model_spec
            )
            response.model_spec.version.value = version
            response.metadata["signature_def"].Pack(signature_map(servable))
            return response


class _ModelService(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, versions):
        self._versions = versions

    def GetModelStatus(self, request, context):  # noqa: N802
        with _Failing(context):
            return status_response(self._versions.states(*_model(request.model_spec)))


class _Failing:
    """Ends the call with the code of a `ServingError` that the block raises."""

    def __init__(self, context):
        self._context = context

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, ServingError):
            self._context.abort(grpc.StatusCode[error.code], str(error))


def _model(spec):
    version = spec.version.value if spec.HasField("version") else None
    return spec.name, version, spec.version_label or None


def _array(name, proto):
    try:
        return tf.make_ndarray(proto)
    except (TypeError, ValueError) as error:
        message = f"tensor parsing error: {name}: {error}"
        raise ServingError("INVALID_ARGUMENT", message) from error
