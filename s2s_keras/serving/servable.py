"""A SavedModel in memory, run as TensorFlow Serving runs it."""

import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401 (its operators)
from tensorflow_serving.apis import prediction_log_pb2

from s2s_keras.export.serving_files import WARM_UP_FILE
from s2s_keras.serving.serving_error import ServingError

_MOST_WARM_UP_REQUESTS = 1000


class Servable:
    """One version of a model, in a session of its own.

    A session takes the way of TensorFlow Serving's loader: it finds tensors by the names in the
    signatures and knows nothing of Python objects. Unlike there, XLA is switched on.

    Args:
        path: the version's folder, a `pathlib.Path`.

    Raises:
        ServingError: if it cannot be loaded, or one of its warm-up requests fails.
    """

    def __init__(self, path):
        graph = tf.Graph()
        self._session = tf.compat.v1.Session(graph=graph)
        try:
            with graph.as_default():
                meta_graph = tf.compat.v1.saved_model.load(self._session, ["serve"], str(path))
        except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
            raise ServingError("INTERNAL", f"{path} cannot be loaded: {error}") from error
        self.signatures = {
            name: signature
            for name, signature in meta_graph.signature_def.items()
            if signature.method_name
        }
        self._warm_up(path / WARM_UP_FILE)

    def signature(self, name):
        """The `SignatureDef` of a name, or nothing."""
        return self.signatures.get(name or "serving_default")

    def predict(self, name, inputs, output_filter=(), seconds=None):
        """Runs a signature.

        Args:
            name: the signature's name.
            inputs: a dictionary of arrays; strings are objects that hold bytes.
            output_filter: the outputs wanted, all unless given.
            seconds: how long it may take.

        Returns:
            A dictionary of arrays.

        Raises:
            ServingError: as TensorFlow Serving's `Predict` fails.
        """
        signature = self.signature(name)
        if signature is None:
            raise ServingError("FAILED_PRECONDITION", f'Serving signature key "{name}" not found.')
        feed = _feed(signature, inputs)
        fetch = {each: _output(signature, each) for each in output_filter or signature.outputs}
        options = tf.compat.v1.RunOptions(
            timeout_in_ms=max(1, int(1000 * seconds)) if seconds else 0
        )
        try:
            return self._session.run(fetch, feed, options)
        except tf.errors.OpError as error:
            raise ServingError.of(error) from error

    def _warm_up(self, path):
        try:
            for request in _warm_up_requests(path):
                inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
                self.predict(request.model_spec.signature_name, inputs)
        except tf.errors.OpError as error:
            raise ServingError.of(error) from error


def _warm_up_requests(path):
    if not path.is_file():
        return
    for number, record in enumerate(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()):
        if number == _MOST_WARM_UP_REQUESTS:
            message = f"Number of warmup records exceeds the maximum ({number}) at {path}"
            raise ServingError("INVALID_ARGUMENT", message)
        yield prediction_log_pb2.PredictionLog.FromString(record).predict_log.request


def _feed(signature, inputs):
    wanted, given = set(signature.inputs), set(inputs)
    if wanted != given:
        raise ServingError(
            "INVALID_ARGUMENT",
            f"input size does not match signature: {len(given)}!={len(wanted)} "
            f"len({{{','.join(sorted(given))}}}) != len({{{','.join(sorted(wanted))}}}). "
            f"Sent extra: {{{','.join(sorted(given - wanted))}}}. "
            f"Missing but required: {{{','.join(sorted(wanted - given))}}}.",
        )
    feed = {}
    for name, value in inputs.items():
        info, value = signature.inputs[name], np.asarray(value)
        dtype, given = tf.as_dtype(info.dtype), tf.as_dtype(value.dtype)
        if given != dtype:
            message = f"{name} expects {dtype.name} but {given.name} is provided"
            raise ServingError("INVALID_ARGUMENT", message)
        shape = tf.TensorShape(info.tensor_shape)
        if not shape.is_compatible_with(value.shape):
            message = f"{name} has shape {list(value.shape)}, which does not fit {shape}"
            raise ServingError("INVALID_ARGUMENT", message)
        feed[info.name] = value
    return feed


def _output(signature, name):
    if name not in signature.outputs:
        message = f"output tensor alias not found in signature: {name}"
        raise ServingError("INVALID_ARGUMENT", message)
    return signature.outputs[name].name
