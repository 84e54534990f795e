"""Exported versions for tests of serving: quick to load, and told apart by their answers."""

import shutil

from tensorflow.core.protobuf import saved_model_pb2

from s2s_keras.export.serving_files import WARM_UP_FILE

MARK = "(2) "


def copy_version(source, target):
    """Copies a version without its warm-up file, which takes most of the time of loading it."""
    shutil.copytree(source, target)
    (target / WARM_UP_FILE).unlink(missing_ok=True)


def mark_translations(folder, mark):
    """Has a version's translations begin with `mark`."""
    path = folder / "saved_model.pb"
    saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    nodes = [
        node
        for function in saved.meta_graphs[0].graph_def.library.function
        for node in function.node_def
        if node.op == "StaticRegexReplace" and node.attr["pattern"].s == rb"\AA ?"
    ]
    assert nodes
    for node in nodes:
        node.attr["rewrite"].s = mark.encode()
    path.write_bytes(saved.SerializeToString())
