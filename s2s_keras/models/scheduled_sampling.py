"""Training on what the model itself would have said."""

import keras
from keras import ops

from s2s_keras.layers.attention import NEVER
from s2s_keras.special_ids import BEGIN, PADDING


class ScheduledSampling(keras.Model):
    """An `EncoderDecoder` in training with scheduled sampling (Bengio et al. 2015, section 2.4).

    At a position of the target, a coin is tossed: the model reads the reference's token, with
    probability e_i, or else a token sampled from its own prediction at that position, made from all
    that it has read so far. (The paper allows for the most probable token too.) The labels stay the
    reference's. e_i falls linearly with the number i of the batch, from 1 to 1 - `probability`.

    To find those tokens, the model first reads the target token by token, with the weights of that
    moment, without dropout. No gradient passes through that. The training step proper then reads
    the mixed target in one pass, as teacher forcing does. Validation is untouched.

    It is compiled and fitted in place of the model, whose weights it trains.

    Args:
        model: the `EncoderDecoder`, built.
        probability: 1 - e_i at the end, in [0, 1].
        batches: after how many batches that is.

    Call arguments: those of `EncoderDecoder`.
    """

    def __init__(self, model, probability, batches, **kwargs):
        super().__init__(dtype=model.dtype_policy, **kwargs)
        self.model = model
        self.probability = probability
        self.batches = batches
        self.reading = _Reading(model, name="reading")

    def build(self, input_shape=None):
        """Creates the count of batches, the one weight of its own."""
        self.seen = self.add_weight((), "zeros", dtype="int32", trainable=False, name="seen")
        self.reading.built = True
        self.built = True

    def call(self, inputs, training=None):
        """See the class."""
        if not training:
            return self.model(inputs, training=False)
        probability = self.current_probability()
        self.seen.assign_add(1)
        target = self.reading(inputs, probability=probability, training=False)
        return self.model({**inputs, "target": target}, training=True)

    def current_probability(self):
        """1 - e_i for the next batch."""
        share = ops.cast(self.seen, "float32") / self.batches
        return self.probability * ops.minimum(share, 1.0)


class _Reading(keras.layers.Layer):
    """A target in which some tokens are the model's own.

    It is a layer, called with `training=False`, so that no layer below it thinks it is training.
    """

    def __init__(self, model, **kwargs):
        super().__init__(dtype=model.dtype_policy, **kwargs)
        self.model = model
        self.seeds = keras.random.SeedGenerator()

    def call(self, inputs, probability, training=None):
        """The mixed target int32 `(batch, target)`."""
        target = ops.cast(inputs["target"], "int32")
        batch, length = ops.shape(target)
        coins = keras.random.uniform((batch, length), dtype="float32", seed=self.seeds)
        # Drawn before the loop: a seed generator must not change inside one.
        dice = keras.random.uniform((batch, length), dtype="float32", seed=self.seeds)
        own = coins < ops.cast(probability, "float32")
        own = ops.logical_and(own, ops.not_equal(target, PADDING))
        forbidden = ops.where(ops.arange(self.model.vocabulary_size) <= BEGIN, NEVER, 0.0)

        def column(matrix, position):
            return ops.expand_dims(ops.take(matrix, position, axis=1), 1)

        def read(position, carry):
            mixed, state = carry
            logits, state, _ = self.model.step(column(mixed, position), position, state)
            logits = ops.squeeze(logits, 1) + forbidden
            token = _sample(logits, column(dice, position))
            following = position + 1
            token = ops.where(column(own, following), token, column(mixed, following))
            return ops.slice_update(mixed, (0, following), token), state

        first = (target, self.model.start(inputs["source"], 1, length))
        mixed, _ = ops.fori_loop(0, length - 1, read, first)
        return mixed


def _sample(logits, dice):
    """Tokens int32 `(batch, 1)` of logits `(batch, vocabulary)`, by uniform numbers `(batch, 1)`.

    A token is where the sum of the probabilities up to it first exceeds the number.
    """
    sums = ops.cumsum(ops.softmax(logits), axis=-1)
    below = ops.sum(ops.cast(sums <= dice, "int32"), axis=-1, keepdims=True)
    return ops.minimum(below, logits.shape[-1] - 1)
