"""Products of batches of small matrices, made fast where nothing is compiled."""

import itertools

from s2s_keras.export.saved_graphs import nodes_of

_OLD, _NEW = "BatchMatMulV2", "BatchMatMulV3"


def use_plain_batch_products(graphs):
    """Replaces one operator in a SavedModel by its successor, which gives the same.

    TensorFlow runs `BatchMatMulV2` on oneDNN, whose threads wait for each other even where a
    product takes a microsecond: that is most of the time of a decoding step at batch 1. The
    successor runs on Eigen, which keeps small products on one thread.

    Args:
        graphs: the SavedModel's, as `edited_graphs` gives them.
    """
    for node in itertools.chain.from_iterable(map(nodes_of, graphs)):
        if node.op == _OLD:
            _replace(node)


def _replace(node):
    node.op = _NEW
    dtype = node.attr["T"].type
    del node.attr["T"]
    for name in ("Ta", "Tb", "Tout"):
        node.attr[name].type = dtype
