"""A search in stages, so that its cost follows the targets' lengths."""

import math

import keras
import numpy as np
import tensorflow as tf

from s2s_keras.search.search import Hypotheses

# Room for so many tokens, and beyond, for multiples of the last.
_LENGTHS = np.array([48, 96, 192, 384, 512], "int32")
# A compiled program serves batches of these sizes, and beyond, of multiples of the last.
_BATCHES = np.array([1, 2, 4, 8, 16, 32, 64, 128], "int32")
# Its first stage goes on with this share of the rows, and then with this share of those.
_SHARES = (2, 4)
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
    """Runs a `Search` in stages, with the same result as `Search.generate`.

    A stage ends when half of its rows have ended, which then leave the batch, or when there is no
    room for another token, and then more is made. So a row costs little after its end, and a cache
    is at most twice as long as what is in it. The two halves of a batch are searched at once.

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
        self._half = _once_a_graph(self._run_if_any)
        self._advance = _once_a_graph(self._advance_until)
        self._first, self._later = self._first_stage, self._stage
        if compiled:
            self._few = tf.function(self._first_stage, jit_compile=True, autograph=False)
            self._many = tf.function(self._first_stages, jit_compile=True, autograph=False)
            self._first = self._compiled_first
            self._later = tf.function(self._stage, jit_compile=True, autograph=False)

    def generate(self, source, limits):
        """Searches until every row has ended.

        Args:
            source: token ids int32 `(batch, source)`, or whatever the model starts from, with
                padding zero.
            limits: int32 `(batch,)`, the most tokens of each row.

        Returns:
            `Hypotheses`, at least as long as the longest limit.
        """
        source, limits = tf.convert_to_tensor(source), tf.convert_to_tensor(limits, tf.int32)
        half = (tf.shape(limits)[0] + 1) // 2
        longest = round_up(tf.reduce_max(limits), _LENGTHS)
        # Neither half waits for the other: a step of one leaves a core to a step of the other.
        halves = [
            self._half(source[part], limits[part], longest)
            for part in (slice(None, half), slice(half, None))
        ]
        return Hypotheses(*(tf.concat(parts, axis=0) for parts in zip(*halves, strict=True)))

    def _run_if_any(self, source, limits, longest):
        """As `_run`, also where a half has no row, which some operators cannot take."""
        results = self.search.strategy.results
        return tf.cond(
            tf.size(limits) > 0,
            lambda: self._run(source, limits, longest),
            lambda: Hypotheses(tf.zeros((0, results, longest), tf.int32), tf.zeros((0, results))),
        )

    def _run(self, source, limits, longest):
        count = tf.shape(limits)[0]
        if self.compiled:
            source, limits = _fill_up(source, limits)
        carry, found = self._first(source, limits)
        found = Hypotheses(_widen(found.tokens, longest), found.score)
        # Nothing to prepare for the batch, mostly a small one, that the first stage has ended.
        tokens, score = tf.cond(
            self._goes_on((), carry, found),
            lambda: self._later_stages(carry, found),
            lambda: found,
        )
        return Hypotheses(tokens[:count, :, :longest], score[:count])

    def _later_stages(self, carry, found):
        # After this, batch and lengths are unknown while the graph is made.
        rows, carry = self._drop_and_grow(tf.range(tf.shape(carry.limits)[0]), carry)
        loop = (rows, carry, found)
        shapes = tf.nest.map_structure(lambda each: each.shape, loop)
        return tf.while_loop(self._goes_on, self._go_on, loop, shape_invariants=shapes)[-1]

    def _compiled_first(self, source, limits):
        least, batch = math.prod(_SHARES), limits.shape[0]
        if batch is not None:  # The graph of the other could not even be made.
            return (self._few if batch < least else self._many)(source, limits)
        return tf.cond(
            tf.size(limits) < least,
            lambda: self._few(source, limits),
            lambda: self._many(source, limits),
        )

    def _first_stage(self, source, limits):
        return self._stage(self.search.begin(source, limits, int(_LENGTHS[0])))

    def _first_stages(self, source, limits):
        """As `_first_stage`, going on with fewer and fewer rows as long as there is room.

        If that is room enough, all have ended. If not, the others, too, go on from the `Carry` that
        is returned: some steps are taken again.
        """
        carry, found = self._first_stage(source, limits)
        rows, part = tf.range(tf.size(limits)), carry
        for share, most in zip(_SHARES, (*_SHARES[1:], 0), strict=True):
            kept = tf.split(self._order(part), share)[0]
            rows, part = self._keep(kept, rows, part)
            part = self._advance(part, tf.size(kept) // most if most else tf.constant(0))
            found = _put(found, rows, self.search.finish(part))
        goes_on = tf.reduce_any(~part.ended)
        return carry._replace(ended=tf.logical_or(carry.ended, ~goes_on)), found

    def _stage(self, carry):
        """The `Carry` at the end of a stage, and the `Hypotheses` found until then."""
        carry = self._advance(carry, keras.ops.shape(carry.limits)[0] // 2)
        return carry, self.search.finish(carry)

    def _advance_until(self, carry, rows):
        """The `Carry` as soon as at most `rows` go on, or there is no room for another token."""

        def running(carry):
            going = keras.ops.sum(keras.ops.cast(self._rows_that_go_on(carry), "int32"))
            return tf.logical_and(self.search.running(carry), going > rows)

        return self.search.advance_while(running, carry)

    def _goes_on(self, rows, carry, found):
        return tf.reduce_any(self._rows_that_go_on(carry))

    def _go_on(self, rows, carry, found):
        """Another stage; `rows` are those of the whole batch that `carry` still holds."""
        carry, part = self._later(carry)
        found = _put(found, rows, part)
        return (*self._drop_and_grow(rows, carry), found)

    def _drop_and_grow(self, rows, carry):
        """Lets rows that have ended go, and makes room for another token."""
        goes_on = self._rows_that_go_on(carry)
        count = tf.math.count_nonzero(goes_on, dtype=tf.int32)
        if self.compiled:
            # Rows that have ended fill up the batch.
            count = tf.minimum(round_up(count, _BATCHES), tf.size(goes_on))
        rows, carry = self._keep(self._order(carry)[:count], rows, carry)
        return rows, self.search.grow(carry, round_up(carry.position + 1, _LENGTHS))

    def _keep(self, kept, rows, carry):
        """What is left of `rows` of the whole batch, and of the `carry` that holds them."""
        return tf.gather(rows, kept), self.search.keep_rows(carry, kept)

    def _order(self, carry):
        """The indices of all rows, those that go on first."""
        return tf.argsort(tf.cast(~self._rows_that_go_on(carry), tf.int32), stable=True)

    def _rows_that_go_on(self, carry):
        return tf.reduce_any(~carry.ended, axis=1)


def _once_a_graph(function):
    """The same function, traced once however often a graph calls it; called as it is without one.

    Both halves, several stages, and the signatures of an export that search alike share it: else
    most of a SavedModel would be there many times.
    """
    traced = tf.function(function, reduce_retracing=True, autograph=False)
    return lambda *inputs: (function if tf.executing_eagerly() else traced)(*inputs)


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


def _put(found, rows, part):
    """`found`, with what was found for some rows of the batch."""
    at, length = tf.expand_dims(rows, 1), tf.shape(found.tokens)[-1]
    tokens = _widen(part.tokens, length)[:, :, :length]
    return Hypotheses(
        tf.tensor_scatter_nd_update(found.tokens, at, tokens),
        tf.tensor_scatter_nd_update(found.score, at, part.score),
    )
