"""Products with matrices, a row at a time."""

from keras import ops


def matmul_rows(inputs, kernel):
    """`inputs @ kernel`, computed as one product of two matrices.

    `ops.matmul` of more than two axes with a matrix costs a dozen small operations where the batch
    is not known while the graph is made, which is most of the time of a decoding step.

    Args:
        inputs: `(..., rows, inner)`.
        kernel: `(inner, columns)`.

    Returns:
        `(..., rows, columns)`.
    """
    if len(inputs.shape) == 2:
        return ops.matmul(inputs, kernel)
    columns = kernel.shape[-1]
    middle = tuple(inputs.shape[1:-1])
    shape = (*ops.shape(inputs)[:-1], columns) if None in middle else (-1, *middle, columns)
    return ops.reshape(ops.matmul(flatten_rows(inputs), kernel), shape)


def flatten_rows(inputs):
    """`(..., units)` to `(rows, units)`."""
    return ops.reshape(inputs, (-1, inputs.shape[-1]))
