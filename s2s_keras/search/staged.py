"""A search in stages, so that its cost follows the targets' lengths."""

import keras
import numpy as np
import tensorflow as tf

from s2s_keras.search.search import Hypotheses

# A stage ends where there is room for so many tokens, and beyond, at multiples of the last.
_LENGTHS = np.array([16, 32, 48, 64, 96, 128, 192, 256, 384, 512], "int32")
# A compiled program serves batches of these sizes, and beyond, of multiples of the last.
_BATCHES = np.array([1, 2, 4, 8, 16, 32, 48, 64, 96, 128], "int32")
# And sources of these widths.
_WIDTHS = np.array([8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512], "int32")


def round_up(number, sizes):
    """The first of the rising `sizes` that is not below `number`, an int32 scalar.

    Beyond the last, a multiple of that.
    """
    beyond = -(-number // sizes[-1]) * sizes[-1]
    index = tf.reduce_sum(tf.cast(sizes < number, tf.int32))
    return tf.where(number > sizes[-1], beyond, tf.gather(sizes, tf.minimum(index, len(sizes) - 1)))


class StagedSearch:
    """Runs a `Search` in stages, with the same result as `Search.run`.

    At the end of a stage the rows that have ended leave the batch, and those that go on get room
    for more tokens. So a row costs nothing after its end, and a cache is about as long as what is
    in it.

    Compiled, everything between two ends of stages is one XLA program. It is made for fixed shapes,
    so batches and sources are rounded up to a few sizes: a new shape costs seconds at its first
    use.

    Args:
        search: a `Search`.
        compiled: whether XLA compiles the stages.
    """

    def __init__(self, search, compiled=False):
        self.search = search
        self.compiled = compiled
        first = int(_LENGTHS[0])
        begin = lambda source, limits: search.begin(source, limits, first)  # noqa: E731
        self._begin = tf.function(begin, jit_compile=True) if compiled else begin
        self._run_stage = tf.function(self._steps, jit_compile=True) if compiled else self._steps

    def run(self, source, limits):
        """Searches until every row has ended.

        Args:
            source: token ids int32 `(batch, source)`, or whatever the model starts from, with
                padding zero.
            limits: int32 `(batch,)`, the most tokens of each row.

        Returns:
            `Hypotheses`, as long as the longest limit or longer.
        """
        count, longest = tf.shape(limits)[0], round_up(tf.reduce_max(limits), _LENGTHS)
        if self.compiled:
            source, limits = _fill_up(source, limits)
        carry = self._begin(source, limits)
        found = self.search.finish(carry)
        found = Hypotheses(_widen(found.tokens, longest), found.score)
        # From here on, batch and lengths are unknown while the graph is made.
        rows = tf.range(tf.shape(limits)[0])
        carry = self.search.keep_rows(carry, rows)
        carry = self.search.grow(carry, tf.minimum(longest, _LENGTHS[0]))
        loop = (rows, carry, found)
        shapes = tf.nest.map_structure(lambda each: each.shape, loop)
        going = lambda rows, carry, found: tf.logical_not(tf.reduce_all(carry.ended))  # noqa: E731
        stage = lambda *loop: self._stage(*loop)  # noqa: E731
        _, _, found = tf.while_loop(going, stage, loop, shape_invariants=shapes)
        return Hypotheses(found.tokens[:count], found.score[:count])

    def _stage(self, rows, carry, found):
        """One stage; `rows` are those of the whole batch that `carry` still holds."""
        carry = self._run_stage(carry)
        found = _put(found, rows, self.search.finish(carry), tf.shape(found.tokens)[-1])
        ended = tf.reduce_all(carry.ended, axis=1)
        going = tf.math.count_nonzero(~ended, dtype=tf.int32)
        if self.compiled:
            # Rows that have ended fill up the batch.
            going = tf.minimum(round_up(going, _BATCHES), tf.shape(ended)[0])
        kept = tf.argsort(tf.cast(ended, tf.int32), stable=True)[:going]
        rows, carry = tf.gather(rows, kept), self.search.keep_rows(carry, kept)
        carry = self.search.grow(carry, round_up(carry.position + 1, _LENGTHS))
        return rows, carry, found

    def _steps(self, carry):
        step = lambda carry: (self.search.advance(carry),)  # noqa: E731
        return keras.ops.while_loop(self.search.running, step, (carry,))[0]


def _fill_up(source, limits):
    """Source and limits, with rows and columns of padding up to the next of the few sizes."""
    batch, width = tf.shape(limits)[0], tf.shape(source)[1]
    rows = round_up(tf.maximum(batch, 1), _BATCHES) - batch
    columns = round_up(width, _WIDTHS) - width
    rest = [[0, 0]] * (len(source.shape) - 2)
    return tf.pad(source, [[0, rows], [0, columns], *rest]), tf.pad(limits, [[0, rows]])


def _widen(tokens, length):
    missing = length - tf.shape(tokens)[-1]
    return tf.pad(tokens, [[0, 0], [0, 0], [0, tf.maximum(missing, 0)]])


def _put(found, rows, part, length):
    """`found`, with what was found for some rows of the batch."""
    at = tf.expand_dims(rows, 1)
    tokens = _widen(part.tokens, length)[:, :, :length]
    return Hypotheses(
        tf.tensor_scatter_nd_update(found.tokens, at, tokens),
        tf.tensor_scatter_nd_update(found.score, at, part.score),
    )
