"""What a `.tflite` file computes: searches, and the single steps of one, on token ids."""

import keras
import tensorflow as tf

from s2s_keras.layers import DecoderState
from s2s_keras.layers.scan import scans_in_buffers
from s2s_keras.search import Greedy, Search, length_limits, longest_target, one_best_beam

POSITION = "position"


class LiteRTSignatures(tf.Module):
    """The functions of a `.tflite` file, for any batch size and any length of source.

    Loops are written so that LiteRT's own operators suffice: no strings, no lists of tensors, and
    buffers that are as long as the longest target that the source's width allows.

    Of a longer source the first `max_length` tokens are read: where memory does not suffice, LiteRT
    may crash. Ids below zero, which Keras counts from a table's end, are refused as those beyond
    its end are.

    Args:
        model: an `EncoderDecoder` of token ids.
        max_length: the most tokens of a source and of a target, end tokens included.
        beam_size: width of the signature `beam`.
    """

    def __init__(self, model, max_length, beam_size):
        super().__init__()
        # A module that holds the Keras model is converted without its weights.
        self.weights = [variable.value for variable in model.variables]
        source = tf.TensorSpec([None, None], tf.int32, name="source")
        searches = {"greedy": Greedy(), "beam": one_best_beam(beam_size)}
        self.functions = {
            name: _concrete(_search(model, strategy, max_length), source)
            for name, strategy in searches.items()
        }
        self.functions["encode"] = encode = _concrete(_encode(model, max_length), source)
        token = tf.TensorSpec([None], tf.int32, name="token")
        state = [
            tf.TensorSpec(output.shape, output.dtype, name=name)
            for name, output in encode.structured_outputs.items()
        ]
        self.functions["decode_step"] = _concrete(_decode_step(model), token, *state)

    def shapes(self, source):
        """The shapes of all inputs and outputs for sources of one shape.

        Args:
            source: the shape of `source`, two integers.

        Returns:
            A dictionary of shapes, lists of integers, by tensor name; no name stands for tensors
            of two shapes.
        """
        ids = tf.ones(source, tf.int32)
        state = self.functions["encode"](source=ids)
        tensors = {
            "source": ids,
            "token": ids[:, 0],
            **self.functions["greedy"](source=ids),
            **self.functions["decode_step"](token=ids[:, 0], **state),
        }
        return {name: tensor.shape.as_list() for name, tensor in tensors.items()}


def _concrete(function, *specs):
    with scans_in_buffers():
        return tf.function(function, autograph=False).get_concrete_function(
            **{each.name: each for each in specs}
        )


def _search(model, strategy, max_length):
    search = Search(model, strategy)

    def run(source):
        source = _refusing(source[:, :max_length], model)
        length = longest_target(tf.shape(source)[1], max_length)
        carry = search.begin(source, length_limits(source, max_length), length)
        tokens, score = search.finish(search.complete(carry))
        return {"tokens": tokens[:, 0], "score": score[:, 0]}

    return run


def _encode(model, max_length):
    def encode(source):
        source = _refusing(source[:, :max_length], model)
        length = longest_target(tf.shape(source)[1], max_length)
        state = model.start(source, width=1, length=length)
        return _computed({**_named(state), POSITION: tf.constant(0)}, source)

    return encode


def _decode_step(model):
    template = model.start(tf.ones((1, 2), tf.int32), width=1, length=2)

    def decode_step(token, position, **state):
        token = _refusing(token, model)
        before = {name: tf.cast(state[name], leaf.dtype) for name, leaf in _named(template).items()}
        packed = keras.tree.pack_sequence_as(template._asdict(), list(before.values()))
        logits, after, weights = model.step(
            tf.expand_dims(token, 1), position, DecoderState(**packed)
        )
        after = _named(after)
        kept = {name: leaf for name, leaf in after.items() if leaf is before[name]}
        outputs = {"logits": logits[:, 0], "weights": weights[:, 0], POSITION: position + 1}
        return {**outputs, **after, **_computed(kept, token)}

    return decode_step


def _refusing(ids, model):
    """The same ids, those below zero beyond the table, where LiteRT's look-up fails."""
    return tf.where(ids < 0, model.vocabulary_size, ids)


def _computed(tensors, ids):
    """The same tensors by name, each computed from `ids`, truth values as int32.

    LiteRT.js has no tensors of truth values, takes equal outputs for one, and leaves those unset
    that depend on no input or are inputs themselves.
    """
    smallest, computed = tf.reduce_min(ids), {}
    for number, (name, tensor) in enumerate(tensors.items(), 1):
        tensor = tf.cast(tensor, tf.int32) if tensor.dtype == tf.bool else tensor
        # No id is negative, so this adds zero; no two are alike, lest the converter merge them.
        computed[name] = tensor + tf.cast(smallest < -number, tensor.dtype)
    return computed


def _named(state):
    """The tensors of a `DecoderState` by name, such as `shared_cache_0_keys`."""
    leaves = keras.tree.flatten_with_path(state._asdict())
    return {"_".join(map(str, path)): leaf for path, leaf in leaves}
