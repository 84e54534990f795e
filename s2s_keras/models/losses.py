"""The loss and the accuracy of next-token prediction, padding left out."""

import keras
from keras import ops


def _highest_and_label(labels, logits):
    """The highest logit and the label's, each `(batch, target)`.

    The loss and the accuracy both call this: the graph's optimiser merges their two identical
    passes over the vocabulary into one. An argmax would be a pass of its own.
    """
    label_ids = ops.expand_dims(labels, -1)
    return ops.max(logits, axis=-1), ops.squeeze(ops.take_along_axis(logits, label_ids, -1), -1)


def _real(labels, sample_weight):
    mask = ops.cast(ops.not_equal(labels, 0), "float32")
    return mask if sample_weight is None else mask * sample_weight


@keras.saving.register_keras_serializable("s2s_keras")
class MaskedCrossentropy(keras.losses.Loss):
    """Cross-entropy in nats a real token, with label smoothing (Szegedy et al. 2016, section 7).

    With V tokens in the vocabulary, the label y and the predicted probabilities p, a token costs
    -(1 - label_smoothing) ln p(y) - label_smoothing / V * sum_k ln p(k). The loss of a batch is the
    mean over the labels that are not padding (id 0).

    Args:
        label_smoothing: share of the probability given to all tokens alike, in [0, 1).

    Call arguments:
        y_true: labels, int32 `(batch, target)`.
        y_pred: logits `(batch, target, vocabulary)`.
        sample_weight: optional, `(batch, target)`, multiplied with the mask of real tokens.
    """

    def __init__(self, label_smoothing=0.0, name="masked_crossentropy", **kwargs):
        super().__init__(name=name, reduction="mean_with_sample_weight", **kwargs)
        self.label_smoothing = label_smoothing

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The loss of a batch, a scalar."""
        return super().__call__(y_true, y_pred, _real(y_true, sample_weight))

    def call(self, y_true, y_pred):
        """The loss of each token, `(batch, target)`, padding included."""
        highest, label = _highest_and_label(ops.cast(y_true, "int32"), y_pred)
        # The shift by the highest logit cancels out, so no gradient need pass through it.
        highest = ops.stop_gradient(highest)
        shifted = y_pred - ops.expand_dims(highest, -1)
        log_normaliser = highest + ops.log(ops.sum(ops.exp(shifted), axis=-1))
        mean = ops.mean(y_pred, axis=-1) if self.label_smoothing else 0.0
        return log_normaliser - (1 - self.label_smoothing) * label - self.label_smoothing * mean

    def get_config(self):
        """The arguments of the constructor."""
        return {"name": self.name, "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable("s2s_keras")
class TokenAccuracy(keras.metrics.Mean):
    """Share of the real target tokens that have the highest logit. Padding (id 0) does not count.

    `update_state` takes labels int32 `(batch, target)` and logits `(batch, target, vocabulary)`.
    """

    def __init__(self, name="accuracy", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts one batch."""
        highest, label = _highest_and_label(ops.cast(y_true, "int32"), y_pred)
        return super().update_state(label >= highest, sample_weight=_real(y_true, sample_weight))
