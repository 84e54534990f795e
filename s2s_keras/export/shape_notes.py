"""Shapes noted in a saved graph."""

import itertools

from s2s_keras.export.saved_graphs import edited_graphs, nodes_of

_NOTE = "_output_shapes"


def drop_shape_notes(path):
    """Drops the shapes that TensorFlow notes at every node it saves, an eighth of the file.

    They are for people. Whatever loads the graph infers shapes itself.

    Args:
        path: the SavedModel's folder, a `pathlib.Path`.
    """
    with edited_graphs(path) as graphs:
        for node in itertools.chain.from_iterable(map(nodes_of, graphs)):
            node.attr.pop(_NOTE, None)
