"""The loss and the accuracy of next-token prediction, padding left out."""

import keras
from keras import ops


def _highest(logits):
    """The highest logit of each token, `(batch, target)`.

    The loss and the accuracy both call this: the graph's optimiser merges their two identical
    passes over the vocabulary into one. An argmax would be a pass of its own.
    """
    return ops.max(logits, axis=-1)


def _real(labels, sample_weight):
    mask = ops.cast(ops.not_equal(labels, 0), "float32")
    return mask if sample_weight is None else mask * sample_weight


def smoothed_crossentropy(labels, logits, smoothing):
    """Cross-entropy of each token with smoothed labels.

    With q the smoothed label and p = softmax(logits), the gradient is p - q. Written out here, it
    takes about half the passes over the vocabulary that the steps forward would take back.

    Args:
        labels: int32 `(batch, target)`.
        logits: `(batch, target, vocabulary)`.
        smoothing: share of the probability given to all tokens alike.

    Returns:
        `(batch, target)`, in nats.
    """
    vocabulary_size = logits.shape[-1]
    labels = ops.cast(labels, "int32")  # Keras casts labels to the logits' type.
    each, rest = 1 - smoothing, smoothing / vocabulary_size

    @ops.custom_gradient
    def crossentropy(logits):
        highest = _highest(logits)
        powers = ops.exp(logits - ops.expand_dims(highest, -1))
        total = ops.sum(powers, axis=-1)
        label = ops.squeeze(ops.take_along_axis(logits, ops.expand_dims(labels, -1), axis=-1), -1)
        losses = highest + ops.log(total) - each * label
        if smoothing:
            losses = losses - rest * ops.sum(logits, axis=-1)

        def gradient(upstream):
            expected = powers * ops.expand_dims(upstream / total, -1)
            if smoothing:
                expected = expected - ops.expand_dims(rest * upstream, -1)
            return _subtract_at(expected, labels, each * upstream)

        return losses, gradient

    return crossentropy(logits)


def _subtract_at(tensor, labels, values):
    """`tensor` `(batch, target, vocabulary)` less `values` `(batch, target)` at the labels."""
    shape = ops.shape(tensor)
    rows = ops.reshape(tensor, (-1, shape[-1]))
    labels, values = ops.reshape(labels, (-1,)), ops.reshape(values, (-1,))
    at = ops.stack([ops.arange(ops.shape(labels)[0], dtype="int32"), labels], axis=1)
    return ops.reshape(ops.scatter_update(rows, at, -values, reduction="add"), shape)


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
        return smoothed_crossentropy(y_true, y_pred, self.label_smoothing)

    def get_config(self):
        """The arguments of the constructor."""
        return {"name": self.name, "label_smoothing": self.label_smoothing}


@keras.saving.register_keras_serializable("s2s_keras")
class RDropCrossentropy(MaskedCrossentropy):
    """The loss of R-Drop (Liang et al. 2021, section 2.1): two passes that shall say the same.

    A batch holds every row twice, in its first half and in its second, and dropout makes of that
    two predictions, p and q. With their cross-entropies L, a token costs

        (L(p) + L(q)) / 2 + weight / 4 * (KL(p || q) + KL(q || p))

    which is half of what the paper has, so that its weights mean the same here.

    Args:
        weight: what the divergence between the two predictions counts; the paper's alpha.
        label_smoothing: see `MaskedCrossentropy`.

    Call arguments: those of `MaskedCrossentropy`, with an even batch.
    """

    def __init__(self, weight, label_smoothing=0.0, name="r_drop_crossentropy", **kwargs):
        super().__init__(label_smoothing, name=name, **kwargs)
        self.weight = weight

    def call(self, y_true, y_pred):
        """The loss of each token, `(batch, target)`, padding included."""
        divergences = symmetric_divergence(*ops.split(ops.cast(y_pred, "float32"), 2, axis=0))
        both = ops.concatenate([divergences, divergences], axis=0)
        return super().call(y_true, y_pred) + self.weight / 4 * both

    def get_config(self):
        """The arguments of the constructor."""
        return {**super().get_config(), "weight": self.weight}


def training_loss(label_smoothing, r_drop=0.0):
    """The loss of a training: `RDropCrossentropy` if it has a weight, else `MaskedCrossentropy`."""
    if r_drop:
        return RDropCrossentropy(r_drop, label_smoothing)
    return MaskedCrossentropy(label_smoothing)


def symmetric_divergence(logits, others):
    """KL(p || q) + KL(q || p) of two predictions.

    With d the difference of their logits this is E_p[d] - E_q[d], and its gradient by the logits of
    p is p - q + p (d - E_p[d]), by those of q the same with p and q, and d and -d, exchanged.
    Written out here, it takes half the time of the steps forward taken back.

    Args:
        logits: those of p, `(batch, target, vocabulary)`.
        others: those of q.

    Returns:
        `(batch, target)`, in nats.
    """

    @ops.custom_gradient
    def divergence(logits, others):
        p, q, difference = ops.softmax(logits), ops.softmax(others), logits - others
        mean_p = ops.sum(p * difference, axis=-1, keepdims=True)
        mean_q = ops.sum(q * difference, axis=-1, keepdims=True)

        def gradient(upstream):
            upstream = ops.expand_dims(upstream, -1)
            by_logits = p * (difference - (mean_p - 1)) - q
            by_others = q * (mean_q + 1 - difference) - p
            return upstream * by_logits, upstream * by_others

        return ops.squeeze(mean_p - mean_q, -1), gradient

    return divergence(logits, others)


@keras.saving.register_keras_serializable("s2s_keras")
class TokenAccuracy(keras.metrics.Mean):
    """Share of the real target tokens that have the highest logit. Padding (id 0) does not count.

    `update_state` takes labels int32 `(batch, target)` and logits `(batch, target, vocabulary)`.
    """

    def __init__(self, name="accuracy", **kwargs):
        super().__init__(name=name, **kwargs)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Counts one batch."""
        labels = ops.expand_dims(ops.cast(y_true, "int32"), -1)
        label = ops.squeeze(ops.take_along_axis(y_pred, labels, axis=-1), -1)
        right = label >= _highest(y_pred)
        return super().update_state(right, sample_weight=_real(y_true, sample_weight))
