"""Tensors in JSON, as TensorFlow Serving's REST interface reads and writes them."""

import base64
import binascii
import json

import numpy as np
import tensorflow as tf

from s2s_keras.serving.serving_error import ServingError

_INT32 = range(-(2**31), 2**31)


def read_request(body):
    """The signature's name and the rest of a request to predict.

    Raises:
        ServingError: if the body is no such request.
    """
    try:
        # TensorFlow Serving does not look at the encoding: invalid bytes reach the tensors.
        request = json.loads(body.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError) as error:
        raise _invalid(f"JSON Parse error: {error}") from error
    if not isinstance(request, dict):
        raise _invalid("JSON Value: Is not object")
    signature = request.get("signature_name", "")
    if not isinstance(signature, str):
        raise _invalid("'signature_name' key must be a string value.")
    return signature or "serving_default", request


def read_inputs(request, infos):
    """The tensors of a request.

    Args:
        request: a dictionary with `inputs` (by column) or `instances` (by row).
        infos: the `TensorInfo` of each input of the signature, by name.

    Returns:
        A dictionary of arrays, and whether they came by row.

    Raises:
        ServingError: if they do not fit.
    """
    if "instances" in request and "inputs" in request:
        raise _invalid("expecting only one of 'inputs' or 'instances' keys to exist")
    if "instances" in request:
        columns = _columns(request["instances"], infos)
    elif "inputs" in request:
        columns = request["inputs"]
        if not isinstance(columns, dict) or _is_base64(columns):
            columns = _only(infos, columns)
    else:
        raise _invalid("Missing 'inputs' or 'instances' key")
    missing = [name for name in infos if name not in columns]
    if missing:
        raise _invalid(f"Missing named input: {missing[0]} in 'inputs' object.")
    tensors = {name: _tensor(columns[name], info.dtype) for name, info in infos.items()}
    return tensors, "instances" in request


def write_outputs(outputs, by_row):
    """The body of an answer: by row if the request came so, else by column."""
    columns = {name: _values(name, array) for name, array in outputs.items()}
    only = next(iter(columns.values())) if len(columns) == 1 else None
    if not by_row:
        answer = {"outputs": columns if only is None else only}
    elif only is not None:
        answer = {"predictions": only}
    else:
        rows = zip(*columns.values(), strict=True)
        answer = {"predictions": [dict(zip(columns, row, strict=True)) for row in rows]}
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogateescape")


def _columns(instances, infos):
    if not isinstance(instances, list) or not instances:
        raise _invalid("No values in 'instances' array")
    if not isinstance(instances[0], dict) or _is_base64(instances[0]):
        return _only(infos, instances)
    for number, each in enumerate(instances):
        if not isinstance(each, dict) or set(each) != set(infos):
            names = ",".join(sorted(infos))
            raise _invalid(f"Failed to process element: {number}: keys must be equal to: {names}")
    return {name: [each[name] for each in instances] for name in infos}


def _only(infos, value):
    if len(infos) > 1:
        raise _invalid("a plain value/list, but multiple input tensors required")
    return {next(iter(infos)): value}


def _tensor(value, dtype):
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        if not first:
            break
        first = first[0]
    leaves = []
    _collect(value, shape, leaves)
    dtype = tf.as_dtype(dtype)
    array = np.empty(len(leaves), dtype.as_numpy_dtype)
    for index, leaf in enumerate(leaves):
        array[index] = _leaf(leaf, dtype)
    return array.reshape(shape)


def _collect(value, shape, leaves):
    if not shape:
        if isinstance(value, list):
            raise _invalid("Encountered list at unexpected level")
        leaves.append(value)
        return
    if not isinstance(value, list):
        raise _invalid(f"JSON Value: {value} found at incorrect level")
    if len(value) != shape[0]:
        raise _invalid(
            f"Encountered list at unexpected size: {len(value)} expected size: {shape[0]}"
        )
    for each in value:
        _collect(each, shape[1:], leaves)


def _leaf(value, dtype):
    if dtype == tf.string and isinstance(value, str):
        try:
            return value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:
            raise _invalid("JSON Parse error: The surrogate pair in string is invalid.") from error
    if dtype == tf.string and _is_base64(value):
        try:
            return base64.b64decode(value["b64"], validate=True)
        except (binascii.Error, ValueError) as error:
            raise _invalid("Unable to base64 decode") from error
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if dtype.is_integer and number and isinstance(value, int) and value in _INT32:
        return value
    if dtype.is_floating and number:
        return value
    raise _invalid(f"JSON Value: {json.dumps(value)} is not of expected type: {dtype.name}")


def _values(name, array):
    if array.dtype != object:
        return array.tolist()
    texts = np.array([_text(name, each) for each in array.ravel()], object)
    return texts.reshape(array.shape).tolist()


def _text(name, value):
    if name.endswith("_bytes"):
        return {"b64": base64.b64encode(value).decode()}
    return value.decode("utf-8", "surrogateescape")


def _is_base64(value):
    return isinstance(value, dict) and set(value) == {"b64"} and isinstance(value["b64"], str)


def _invalid(message):
    return ServingError("INVALID_ARGUMENT", message)
