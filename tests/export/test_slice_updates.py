"""Slices written without XLA."""

import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from tensorflow.core.protobuf import saved_model_pb2

from s2s_keras.export.saved_graphs import edited_graphs
from s2s_keras.export.slice_updates import use_plain_slice_updates

LENGTH = 5


def fill(rows):
    """Each row's first number, then what is one more, written one by one."""

    def step(position, filled):
        following = ops.slice(filled, (0, position), (ops.shape(rows)[0], 1)) + 1
        return position + 1, ops.slice_update(filled, (0, position + 1), following)

    filled = ops.pad(rows, [[0, 0], [0, LENGTH - 1]])
    return ops.while_loop(lambda position, _: position < LENGTH - 1, step, (0, filled))[1]


@pytest.fixture
def saved(tmp_path):
    module, rows = tf.Module(), [tf.TensorSpec([None, 1], tf.int32, name="rows")]
    compiled = tf.function(fill, jit_compile=True)
    functions = {
        "plain": lambda rows: {"filled": fill(rows)},
        "compiled": lambda rows: {"filled": compiled(rows)},
    }
    signatures = {name: tf.function(each, rows) for name, each in functions.items()}
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures)
    return tmp_path / "saved"


def replace(path):
    with edited_graphs(path) as graphs:
        use_plain_slice_updates(graphs)


def operators(path):
    """The operators of each function that holds a loop's body."""
    saved = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    return [
        {node.op for node in each.node_def} for each in functions if "body" in str(each.signature)
    ]


def answers(path, rows):
    model = tf.saved_model.load(str(path))
    signatures = (model.signatures[name] for name in ("plain", "compiled"))
    return [each(rows=tf.constant(rows, tf.int32, (len(rows), 1)))["filled"] for each in signatures]


@pytest.mark.parametrize("rows", [[[3], [7]], [[0]], []])
def test_the_answer_stays(saved, rows):
    replace(saved)
    expected = np.reshape(rows, (-1, 1)) + np.arange(LENGTH)
    for answer in answers(saved, rows):
        assert answer.numpy().tolist() == expected.tolist()


def test_only_what_xla_does_not_compile_changes(saved):
    assert sum("XlaDynamicUpdateSlice" in each for each in operators(saved)) == 2
    replace(saved)
    first, second = sorted(operators(saved), key=lambda each: "XlaDynamicUpdateSlice" in each)
    assert "TensorStridedSliceUpdate" in first
    assert "XlaDynamicUpdateSlice" in second
    assert "TensorStridedSliceUpdate" not in second


def test_twice_is_once(saved):
    replace(saved)
    once = (saved / "saved_model.pb").read_bytes()
    replace(saved)
    assert (saved / "saved_model.pb").read_bytes() == once
