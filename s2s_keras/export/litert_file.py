"""`.tflite` files: converted, checked, and made ready to ship."""

import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.tools import flatbuffer_utils
from tensorflow.lite.python.convert_phase import ConverterError

from s2s_keras.errors import InputError

# Bytes of a weight.
PRECISIONS = {"float32": 4, "float16": 2, "int8": 1}


def convert(saved_model, signatures, precision):
    """Converts signatures of a SavedModel.

    Args:
        saved_model: its folder.
        signatures: their names.
        precision: of the weights, one of `PRECISIONS`. With `int8`, each matrix has a scale a row
            or column, and activations stay float32 ("dynamic range").

    Returns:
        The file as a `ModelT` of LiteRT's schema.

    Raises:
        InputError: if TensorFlow's converter cannot.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model), list(signatures))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if precision != "float32":
        # ai-edge-quantizer 0.10 was tried instead, on a Transformer for Multi30k. With 8 bits its
        # file is as fast and as good, but eight times as large: the table that is looked up stays
        # float32, once a look-up. Its 4 bits cost 0.5 BLEU, and a search has branches that its
        # calibration for integer activations never sees.
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if precision == "float16":
        converter.target_spec.supported_types = [tf.float16]
    try:
        data = converter.convert()
    except ConverterError as error:
        reason = str(error).strip().splitlines()[-1]
        raise InputError(f"this model cannot become a .tflite file: {reason}") from error
    return flatbuffer_utils.read_model_from_bytearray(data)


def to_bytes(model):
    """The file of a `ModelT`.

    Tensors of one buffer share the description of their scales, which for a table of tokens is
    larger than all operators.
    """
    tensors = [
        tensor
        for graph in model.subgraphs
        for tensor in graph.tensors
        if tensor.quantization is not None and model.buffers[tensor.buffer].data is not None
    ]
    own, packed_once = [tensor.quantization for tensor in tensors], {}
    for tensor in tensors:
        once = packed_once.setdefault(tensor.buffer, _PackedOnce(tensor.quantization))
        tensor.quantization = once
    try:
        return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
    finally:
        for tensor, quantization in zip(tensors, own, strict=True):
            tensor.quantization = quantization


class _PackedOnce:
    """A part of a `ModelT` that several others share, also in the file."""

    def __init__(self, part):
        self._part, self._offset = part, None

    def Pack(self, builder):  # noqa: N802
        if self._offset is None:
            self._offset = self._part.Pack(builder)
        return self._offset


def check_operators(model):
    """Refuses a file that LiteRT alone cannot run.

    Raises:
        InputError: naming the operators, of any subgraph, that LiteRT has not.
    """
    # An operator of a loop's body stands in this list too.
    missing = sorted(
        (each.customCode or b"?").decode()
        for each in model.operatorCodes
        if each.builtinCode == schema.BuiltinOperator.CUSTOM
    )
    if missing:
        raise InputError(
            f"this model cannot become a .tflite file: LiteRT lacks {', '.join(missing)}"
        )


def check_size(data, weights, precision):
    """Refuses a file that has lost weights.

    Args:
        data: the file.
        weights: how many numbers the model has learned.
        precision: one of `PRECISIONS`.

    Raises:
        InputError: if the file is too small to hold them.
    """
    least = weights * PRECISIONS[precision]
    if len(data) < least:
        raise InputError(
            f"the {precision} .tflite file has {len(data):,} bytes, but {weights:,} weights need "
            f"{least:,}: the conversion has lost some"
        )


def set_default_shapes(model, shapes):
    """Gives inputs and outputs the shapes that they have unless a program resizes the inputs.

    The converter leaves every size of unknown extent at 1, and LiteRT.js refuses such files.

    Args:
        model: a `ModelT`, which is changed.
        shapes: lists of integers by tensor name, as in the signatures.
    """
    for signature in model.signatureDefs:
        tensors = model.subgraphs[signature.subgraphIndex].tensors
        for each in [*signature.inputs, *signature.outputs]:
            tensor = tensors[each.tensorIndex]
            tensor.shape = shapes[each.name.decode()]
            tensor.shapeSignature = None
