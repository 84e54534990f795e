"""The graphs of a SavedModel on disk."""

import contextlib
import itertools

from tensorflow.core.protobuf import saved_model_pb2

_FILE = "saved_model.pb"


def read_graphs(path):
    """The `GraphDef`s of the SavedModel in the folder `path`, a `pathlib.Path`."""
    return _graphs(_read(path))


@contextlib.contextmanager
def edited_graphs(path):
    """As `read_graphs`, and what the block changes in them is written back at its end."""
    saved = _read(path)
    yield _graphs(saved)
    (path / _FILE).write_bytes(saved.SerializeToString(deterministic=True))


def nodes_of(graph):
    """The nodes of a graph and of all its functions."""
    functions = (each.node_def for each in graph.library.function)
    return itertools.chain(graph.node, *functions)


def _read(path):
    return saved_model_pb2.SavedModel.FromString((path / _FILE).read_bytes())


def _graphs(saved):
    return [each.graph_def for each in saved.meta_graphs]
