"""Batches as a `tf.data.Dataset`."""


def to_dataset(batches, count=None):
    """A dataset of what `batches()` iterates over, made ahead of the training step.

    Args:
        batches: a function without arguments that gives an iterator of batches, for example
            `lambda: Batches(...).stream(epoch, step)`.
        count: how many there are; None for a stream without end.

    Returns:
        A `tf.data.Dataset` of `({"source", "target"}, labels)`, each int32 `(batch, width)`.
    """
    import tensorflow as tf  # here alone, so that batches are made without it

    ids = tf.TensorSpec((None, None), tf.int32)
    signature = ({"source": ids, "target": ids}, ids)
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
    count = tf.data.INFINITE_CARDINALITY if count is None else count
    counted = dataset.apply(tf.data.experimental.assert_cardinality(count))
    return counted.prefetch(tf.data.AUTOTUNE)
