"""What every attention of a recurrent decoder has in common."""

import keras
from keras import ops

from s2s_keras.layers.rows import matmul_rows

# Large and finite: minus infinity would give NaN where a whole row is masked.
NEVER = -1e9


def masked_softmax(scores, mask):
    """Softmax over the last axis, with weight zero where `mask` is False.

    Args:
        scores: any floating-point tensor.
        mask: boolean, of a shape that broadcasts to that of `scores`.

    Returns:
        Weights of the shape of `scores`, which sum to one, or to zero where all is masked.
    """
    real_scores = ops.where(mask, ops.cast(scores, "float32"), NEVER)
    return ops.cast(ops.where(mask, ops.softmax(real_scores), 0.0), scores.dtype)


class Attention(keras.layers.Layer):
    """A layer that weighs the positions of a source for a query.

    The context of a step is a weighted sum of values. The weights depend on the query and are
    computed inside the decoder's loop; what is linear in them is not.

    A subclass has `build(query_shape, annotation_units)`, `start` and `call`, and may have more
    than one value a source position (one a head) or values that belong to no position.

    Call arguments:
        query: `(batch, width, query_units)`: the queries of `width` hypotheses of each source.
        memory: what `start(encoded)` gives, a dictionary of tensors whose first axis is `batch`,
            among them `values`.
        position: int32 scalar, the index of the target token that is asked for.

    Returns:
        Weights `(batch, width, positions)`, zero at padding.
    """

    def value_units(self, annotation_units):
        """The size of a context, for annotations of `annotation_units`."""
        return annotation_units

    def start(self, encoded):
        """The memory of an `Encoded` source: all that does not depend on the query."""
        raise NotImplementedError

    def context(self, weights, memory):
        """The contexts `(batch, width, value_units)` of weights `(batch, width, positions)`."""
        return ops.matmul(weights, memory["values"])

    def project(self, memory, kernel):
        """The values times `kernel` `(value_units, units)`: `(batch, positions, units)`.

        `matmul(weights, project(memory, kernel))` equals `matmul(context(weights, memory), kernel)`
        but keeps the kernel, and so the sum of its gradients, out of a loop over the weights.
        """
        return matmul_rows(memory["values"], kernel)

    def source_weights(self, weights, memory):
        """Weights as `call` gives them, by source position: `(batch, width, source)`."""
        return weights
