import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager import context

from s2s_keras.models import MaskedCrossentropy, RDropCrossentropy, TokenAccuracy
from s2s_keras.models.losses import symmetric_divergence

LABELS = np.array([[5, 2, 0], [1, 0, 0]], "int32")
LOGITS = np.random.default_rng(0).normal(size=(2, 3, 7)).astype("float32") * 3


def expected_loss(smoothing):
    """Against smoothed one-hot labels, token by token, over the three real labels."""
    log_probabilities = LOGITS - np.log(np.exp(LOGITS).sum(axis=-1, keepdims=True))
    costs = []
    for row, time in ((0, 0), (0, 1), (1, 0)):
        smooth = np.full(7, smoothing / 7)
        smooth[LABELS[row, time]] += 1 - smoothing
        costs.append(-(smooth * log_probabilities[row, time]).sum())
    return np.mean(costs)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_is_the_cross_entropy_of_the_real_tokens(smoothing):
    loss = MaskedCrossentropy(smoothing)(LABELS, LOGITS)
    np.testing.assert_allclose(float(loss), expected_loss(smoothing), rtol=1e-5)


def test_equals_keras_without_padding():
    labels = np.where(LABELS == 0, 3, LABELS)
    expected = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, LOGITS)
    np.testing.assert_allclose(float(MaskedCrossentropy()(labels, LOGITS)), float(expected), 1e-6)


def test_more_padding_changes_nothing():
    labels = np.pad(LABELS, [(0, 1), (0, 2)])
    logits = np.pad(LOGITS, [(0, 1), (0, 2), (0, 0)], constant_values=9)
    one, two = MaskedCrossentropy(0.1)(LABELS, LOGITS), MaskedCrossentropy(0.1)(labels, logits)
    np.testing.assert_allclose(float(one), float(two), rtol=1e-6)


def test_gradient_equals_that_of_smoothed_labels():
    logits = tf.constant(LOGITS)
    smooth = tf.one_hot(LABELS, 7) * 0.9 + 0.1 / 7
    mask = tf.cast(LABELS != 0, tf.float32)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logits)
        ours = MaskedCrossentropy(0.1)(LABELS, logits)
        costs = tf.nn.softmax_cross_entropy_with_logits(smooth, logits)
        theirs = tf.reduce_sum(costs * mask) / 3
    np.testing.assert_allclose(
        tape.gradient(ours, logits), tape.gradient(theirs, logits), atol=1e-6
    )


def test_large_logits_stay_finite():
    logits = LOGITS * 1e4
    assert np.isfinite(float(MaskedCrossentropy(0.1)(LABELS, logits)))


def test_a_batch_of_padding_costs_nothing():
    assert float(MaskedCrossentropy(0.1)(np.zeros_like(LABELS), LOGITS)) == 0


def test_accuracy_counts_real_tokens_only():
    logits = np.zeros((2, 3, 7), "float32")
    logits[0, 0, 5] = logits[0, 1, 3] = logits[1, 0, 1] = 1
    logits[:, 2, 0] = logits[1, 1, 0] = 1  # right, but padding
    metric = TokenAccuracy()
    metric.update_state(LABELS, logits)
    np.testing.assert_allclose(float(metric.result()), 2 / 3)
    metric.update_state(LABELS[:1], logits[:1])
    np.testing.assert_allclose(float(metric.result()), 3 / 5)


def test_loss_and_accuracy_pass_over_the_vocabulary_once():
    """The optimised graph holds a single search for the highest logit, and no argmax."""
    metric = TokenAccuracy()
    loss = MaskedCrossentropy(0.1)

    @tf.function(input_signature=[tf.TensorSpec([2, 3], tf.int32), tf.TensorSpec([2, 3, 7])])
    def both(labels, logits):
        metric.update_state(labels, logits)
        return loss(labels, logits)

    context.context().enable_graph_collection()
    both(LABELS, LOGITS)
    graphs = context.context().export_run_metadata().partition_graphs
    context.context().disable_graph_collection()
    operators = [
        node.op
        for graph in graphs
        for nodes in (graph.node, *(function.node_def for function in graph.library.function))
        for node in nodes
    ]
    assert operators.count("Max") == 1
    assert "ArgMax" not in operators


def divergence(p, q):
    return (p * np.log(p / q)).sum(axis=-1)


def test_r_drop_weighs_the_divergence_of_the_halves():
    """Against the formula, written out for the three real tokens."""
    others = np.random.default_rng(1).normal(size=LOGITS.shape).astype("float32")
    labels, logits = np.tile(LABELS, (2, 1)), np.concatenate([LOGITS, others])
    powers = (np.exp(each.astype("float64")) for each in (LOGITS, others))
    p, q = (each / each.sum(axis=-1, keepdims=True) for each in powers)
    both = (divergence(p, q) + divergence(q, p))[LABELS != 0].mean()
    plain = float(MaskedCrossentropy(0.1)(labels, logits))
    found = float(RDropCrossentropy(5.0, 0.1)(labels, logits))
    np.testing.assert_allclose(found, plain + 5 / 4 * both, rtol=1e-5)


def test_r_drop_of_equal_halves_is_the_cross_entropy():
    labels, logits = np.tile(LABELS, (2, 1)), np.tile(LOGITS, (2, 1, 1))
    one, two = RDropCrossentropy(5.0)(labels, logits), MaskedCrossentropy()(LABELS, LOGITS)
    np.testing.assert_allclose(float(one), float(two), rtol=1e-6)


def test_r_drop_pulls_the_halves_together():
    logits = tf.Variable(np.concatenate([LOGITS, LOGITS[::-1]]))
    labels = np.tile(LABELS, (2, 1))
    loss = RDropCrossentropy(5.0)
    for _ in range(200):
        with tf.GradientTape() as tape:
            value = loss(labels, tf.convert_to_tensor(logits))
        logits.assign_sub(0.5 * tape.gradient(value, logits))
    one, two = tf.nn.softmax(logits[:2]), tf.nn.softmax(logits[2:])
    np.testing.assert_allclose(one[LABELS != 0], two[LABELS != 0], atol=0.01)


def test_the_divergence_and_its_gradient_are_those_of_its_definition():
    logits = tf.constant(LOGITS)
    others = tf.reverse(logits, [-1]) * 3 + 2
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([logits, others])
        ours = symmetric_divergence(logits, others)
        log_p, log_q = tf.nn.log_softmax(logits), tf.nn.log_softmax(others)
        theirs = tf.reduce_sum((tf.exp(log_p) - tf.exp(log_q)) * (log_p - log_q), axis=-1)
        squares = ours**2, theirs**2  # so that what flows back differs by token
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    for side in (logits, others):
        found, expected = (tape.gradient(each, side) for each in squares)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_r_drop_is_saved_with_its_settings():
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(RDropCrossentropy(3.0, 0.2))
    )
    assert (again.weight, again.label_smoothing) == (3.0, 0.2)
