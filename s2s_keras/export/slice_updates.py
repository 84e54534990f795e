"""Slices written into tensors without XLA."""

from tensorflow.core.framework import node_def_pb2

_OLD, _NEW = "XlaDynamicUpdateSlice", "TensorStridedSliceUpdate"


def use_plain_slice_updates(graphs):
    """Replaces an operator that only XLA can run by one of TensorFlow's own, which gives the same.

    `keras.ops.slice_update` becomes `XlaDynamicUpdateSlice`. Outside compiled functions TensorFlow
    compiles each such node by itself when it first meets a shape. TensorFlow Serving refuses that
    unless it is started with XLA switched on: without this no signature would work there. The
    functions that XLA compiles as a whole keep the operator.

    The two differ where a slice does not fit: XLA moves it until it does, the other one fails.

    Args:
        graphs: the SavedModel's, as `edited_graphs` gives them.
    """
    for graph in graphs:
        compiled = _compiled_functions(graph)
        for function in graph.library.function:
            if function.signature.name not in compiled:
                _replace_in(function.node_def)


def _compiled_functions(graph):
    """The names of the functions that XLA compiles, with all that they call."""
    functions = {each.signature.name: each for each in graph.library.function}
    waiting = [
        name
        for nodes in (graph.node, *(each.node_def for each in functions.values()))
        for node in nodes
        if "_XlaMustCompile" in node.attr
        for name in _called_by(node)
    ]
    compiled = set()
    while waiting:
        name = waiting.pop()
        if name not in compiled:
            compiled.add(name)
            waiting += [each for node in functions[name].node_def for each in _called_by(node)]
    return compiled


def _called_by(node):
    for value in node.attr.values():
        for function in (value.func, *value.list.func):
            if function.name:
                yield function.name


def _replace_in(nodes):
    for node in [each for each in nodes if each.op == _OLD]:
        nodes.extend(_replace(node))


def _replace(node):
    """Turns the node into its successor, and gives the nodes that this one needs."""
    tensor, update, begin, *control = node.input
    dtype, index = node.attr["T"].type, node.attr["Tindices"].type
    size = _node(f"{node.name}/size", "Shape", [update], T=dtype, out_type=index)
    end = _node(f"{node.name}/end", "AddV2", [begin, f"{size.name}:output:0"], T=index)
    strides = _node(f"{node.name}/strides", "OnesLike", [begin], T=index)
    node.op = _NEW
    del node.input[:], node.attr["Tindices"]
    node.input.extend([tensor, begin, f"{end.name}:z:0", f"{strides.name}:y:0", update, *control])
    node.attr["Index"].type = index
    return size, end, strides


def _node(name, operator, inputs, **types):
    node = node_def_pb2.NodeDef(name=name, op=operator, input=inputs)
    for key, dtype in types.items():
        node.attr[key].type = dtype
    return node
