"""KerasHub's Transformer layers and samplers with a cache of keys and values.

The model is that of `keras_hub_layers.py` with weights of its own: how long forced tokens take does
not depend on them, but where a translation ends does, so it takes no part in natural stops. The
cache is laid out as KerasHub's own models lay out theirs, and holds what belongs to the source too,
since `BeamSampler` repeats for every hypothesis what is in it and nothing else. The whole search is
one function that XLA compiles, or not.
"""

import functools

import keras
import keras_hub
import tensorflow as tf
from keras import ops

from benchmarks.decoding_setup import Translations
from benchmarks.peers.keras_hub_layers import build_model
from s2s_keras.special_ids import BEGIN


class Peer:
    """See the module.

    Args:
        folder: where the peers' files lie.
        compiled: whether XLA compiles the search.
        beam_size: width of the search `beam`.
        sizes: arguments of `build_model`.
    """

    def __init__(self, folder, compiled, beam_size, **sizes):
        keras.utils.set_random_seed(0)
        self.model = build_model(**sizes)
        samplers = keras_hub.samplers
        self.samplers = {
            "greedy": samplers.GreedySampler(),
            "beam": samplers.BeamSampler(num_beams=beam_size),
        }
        self.compiled = compiled
        self.about = {"natural": False}
        self.translations = Translations(folder, tf.constant, self._decode)

    def measure(self, number, **task):
        """See `Translations`."""
        return self.translations.measure(**task)

    def _decode(self, source, search, tokens):
        return self._function(search, tokens)(source).numpy()[:, 1:].size

    @functools.cache  # noqa: B019 (a peer lives as long as its process)
    def _function(self, search, tokens):
        specification = [tf.TensorSpec([None, None], tf.int32)]
        decode = functools.partial(self._search, self.samplers[search], tokens)
        return tf.function(decode, input_signature=specification, jit_compile=self.compiled or None)

    def _search(self, sampler, tokens, source):
        prompt = ops.pad(ops.full((ops.shape(source)[0], 1), BEGIN, "int32"), [[0, 0], [0, tokens]])
        return sampler(self._next, prompt, cache=self._start(source, tokens), index=1)

    def _start(self, source, tokens):
        model = self.model
        encoded, mask = model.encode(source)
        shape = (ops.shape(source)[0], 2, tokens + 1, model.heads, model.units // model.heads)
        cross = []
        for layer in model.decoders:
            attention = layer._cross_attention_layer
            pair = (attention._key_dense(encoded), attention._value_dense(encoded))
            cross.append(ops.stack(pair, axis=1))
        own = [ops.zeros(shape) for _ in model.decoders]
        return {"own": ops.stack(own, axis=1), "cross": ops.stack(cross, axis=1), "mask": mask}

    def _next(self, prompt, cache, index):
        model = self.model
        token = ops.slice(prompt, (0, index - 1), (ops.shape(prompt)[0], 1))
        hidden = model.embed(token, position=index - 1)
        own = []
        for number, layer in enumerate(model.decoders):
            hidden, updated, _ = layer(
                hidden,
                hidden,  # in the encoder's place, whose keys and values are in the cache
                encoder_padding_mask=cache["mask"],
                self_attention_cache=cache["own"][:, number],
                self_attention_cache_update_index=index - 1,
                cross_attention_cache=cache["cross"][:, number],
            )
            own.append(updated)
        logits = model.embedding(model.decoder_norm(hidden), reverse=True)
        return logits[:, 0], None, cache | {"own": ops.stack(own, axis=1)}
