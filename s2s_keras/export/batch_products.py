"""Products of batches of small matrices, made fast where nothing is compiled."""

from tensorflow.core.protobuf import saved_model_pb2

_OLD, _NEW = "BatchMatMulV2", "BatchMatMulV3"


def use_plain_batch_products(path):
    """Replaces one operator in a SavedModel by its successor, which gives the same.

    TensorFlow runs `BatchMatMulV2` on oneDNN, whose threads wait for each other even where a
    product takes a microsecond: that is most of the time of a decoding step at batch 1. The
    successor runs on Eigen, which keeps small products on one thread.

    Args:
        path: the SavedModel's folder, a `pathlib.Path`.
    """
    path = path / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for meta_graph in saved.meta_graphs:
        graph = meta_graph.graph_def
        for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
            for node in nodes:
                if node.op == _OLD:
                    _replace(node)
    path.write_bytes(saved.SerializeToString(deterministic=True))


def _replace(node):
    node.op = _NEW
    dtype = node.attr["T"].type
    del node.attr["T"]
    for name in ("Ta", "Tb", "Tout"):
        node.attr[name].type = dtype
