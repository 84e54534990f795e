"""A table that a `.tflite` file both looks up and multiplies, stored once."""

import copy

import numpy as np
from ai_edge_litert import schema_py_generated as schema


def share_tables(model):
    """Stores a table once that look-ups read and a product multiplies.

    The converter quantises it twice: with one scale for the look-ups, and with a scale a row for
    the product. The second serves both, and is more exact.

    Args:
        model: a `ModelT`, which is changed.
    """
    operators = schema.BuiltinOperator
    kernels = {
        tuple(tensor.shape): tensor
        for graph in model.subgraphs
        for tensor in _inputs(model, graph, operators.FULLY_CONNECTED)
        if tensor.type == schema.TensorType.INT8 and _stored(model, tensor) is not None
    }
    for graph in model.subgraphs:
        for kind in (operators.DEQUANTIZE, operators.GATHER):
            for tensor in _inputs(model, graph, kind):
                kernel = kernels.get(tuple(tensor.shape))
                if kernel is not None and _are_the_same_table(model, tensor, kernel):
                    tensor.buffer, tensor.quantization = kernel.buffer, kernel.quantization
        for index in reversed(range(len(graph.operators))):
            if _reads_rows_with_scales(model, graph, index):
                _scale_rows(model, graph, index)
    used = {tensor.buffer for graph in model.subgraphs for tensor in graph.tensors}
    used |= {each.buffer for each in model.metadata or []}
    for index, buffer in enumerate(model.buffers):
        if index not in used:
            buffer.data = None


def _reads_rows_with_scales(model, graph, index):
    """Whether an operator looks up rows of a table with a scale a row."""
    operator = graph.operators[index]
    if _kind(model, operator) != schema.BuiltinOperator.GATHER:
        return False
    quantization = graph.tensors[operator.inputs[0]].quantization
    scales = None if quantization is None else quantization.scale
    return scales is not None and len(scales) > 1


def _scale_rows(model, graph, index):
    """Lets what reads the looked up rows, as if they had one scale, multiply them by theirs."""
    gather = graph.operators[index]
    table, ids, rows = (graph.tensors[at] for at in (*gather.inputs, *gather.outputs))
    rows.quantization = None
    scales = _add_tensor(graph, [table.shape[0], 1], _add_buffer(model, table.quantization.scale))
    row_scales = _add_tensor(graph, [*ids.shape, 1])
    look_up = copy.copy(gather)
    look_up.inputs, look_up.outputs = [scales, gather.inputs[1]], [row_scales]
    readers = enumerate(graph.operators)
    at, reader = next(each for each in readers if gather.outputs[0] in each[1].inputs)
    integers = _add_tensor(graph, rows.shape)
    multiply = _operator(model, schema.BuiltinOperator.MUL, [integers, row_scales])
    multiply.outputs = reader.outputs
    cast = _operator(model, schema.BuiltinOperator.CAST, reader.inputs)
    cast.outputs = [integers]
    graph.operators[at : at + 1] = [cast, look_up, multiply]


def _operator(model, kind, inputs):
    codes = [each.builtinCode for each in model.operatorCodes]
    if kind not in codes:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = 1
        model.operatorCodes.append(code)
        codes.append(kind)
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs = codes.index(kind), inputs
    return operator


def _add_buffer(model, values):
    """The index of a buffer that holds `values`, a new one unless another subgraph has added it."""
    data = np.asarray(values, "float32").tobytes()
    for index, buffer in enumerate(model.buffers):
        if isinstance(buffer.data, bytes) and buffer.data == data:
            return index
    buffer = schema.BufferT()
    buffer.data = data
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def _add_tensor(graph, shape, buffer=0):
    tensor = schema.TensorT()
    tensor.shape, tensor.buffer, tensor.type = list(shape), buffer, schema.TensorType.FLOAT32
    tensor.name = f"tensor_{len(graph.tensors)}"
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _kind(model, operator):
    return model.operatorCodes[operator.opcodeIndex].builtinCode


def _inputs(model, graph, operator):
    """The tensors that operators of one kind read in a subgraph."""
    for each in graph.operators:
        if _kind(model, each) == operator:
            yield from (graph.tensors[index] for index in each.inputs if index >= 0)


def _stored(model, tensor):
    return model.buffers[tensor.buffer].data


def _are_the_same_table(model, one, other):
    if one.type != schema.TensorType.INT8 or _stored(model, one) is None:
        return False
    values, scales = zip(*(_dequantized(model, each) for each in (one, other)), strict=True)
    return bool((np.abs(values[0] - values[1]) <= sum(scales)).all())


def _dequantized(model, tensor):
    """The values, and the scales that they are rounded to."""
    scales = np.asarray(tensor.quantization.scale, "float32").reshape(-1, 1)
    integers = np.frombuffer(_stored(model, tensor), "int8").reshape(tensor.shape)
    return integers * scales, scales
