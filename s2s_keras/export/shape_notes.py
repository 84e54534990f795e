"""Shapes noted in a saved graph."""

import itertools

from s2s_keras.export.saved_graphs import nodes_of

_NOTE = "_output_shapes"


def drop_shape_notes(graphs):
    """Drops the shapes that TensorFlow notes at every node it saves, an eighth of the file.

    They are for people. Whatever loads the graph infers shapes itself.

    Args:
        graphs: the SavedModel's, as `edited_graphs` gives them.
    """
    for node in itertools.chain.from_iterable(map(nodes_of, graphs)):
        node.attr.pop(_NOTE, None)
