"""This project's model as a SavedModel, called from Python through its signatures.

`write_signatures` writes it, before any peer runs; a peer loads it and knows no more of it than the
names of its signatures. A signature takes `source` int32 `(batch, source)` and gives `tokens` int32
`(batch, target)`.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf

from benchmarks.decoding_setup import NATURAL_LENGTH, Translations, signature_name
from s2s_keras.export.batch_products import use_plain_batch_products
from s2s_keras.export.saved_graphs import edited_graphs
from s2s_keras.export.slice_updates import use_plain_slice_updates
from s2s_keras.search import Greedy, Search, StagedSearch, length_limits, one_best_beam

SAVED_MODEL = "saved_model"


def write_signatures(model, folder, lengths, beam_size):
    """Writes the SavedModel.

    Args:
        model: an `EncoderDecoder`.
        folder: where the peers' files lie.
        lengths: numbers of tokens to force, None for natural stops.
        beam_size: width of the search `beam`.
    """
    specification = [tf.TensorSpec([None, None], tf.int32, name="source")]
    signatures = {}
    for search, strategy in (("greedy", Greedy()), ("beam", one_best_beam(beam_size))):
        for tokens in lengths:
            for compiled in (False, True):
                signatures[signature_name(search, tokens, compiled)] = tf.function(
                    _decoder(model, strategy, tokens, compiled), input_signature=specification
                )
    module = tf.Module()
    module.weights_ = [variable.value for variable in model.variables]
    tf.saved_model.save(module, str(Path(folder, SAVED_MODEL)), signatures)
    with edited_graphs(Path(folder, SAVED_MODEL)) as graphs:
        use_plain_batch_products(graphs)
        use_plain_slice_updates(graphs)


def _decoder(model, strategy, tokens, compiled):
    search = StagedSearch(Search(model, strategy, min_length=tokens or 0), compiled)

    def decode(source):
        return {"tokens": search.generate(source, target_limits(source, tokens)).tokens[:, 0]}

    return decode


def target_limits(source, tokens):
    """The most tokens of each target: those forced, or for None what its source allows."""
    if tokens is None:
        return length_limits(source, NATURAL_LENGTH)
    return tf.fill([tf.shape(source)[0]], tokens)


class Peer:
    """See the module.

    Args:
        folder: where the peers' files lie.
        compiled: whether to use the signatures that XLA compiles.
        beam_size: is in the SavedModel.
        sizes: as well.
    """

    def __init__(self, folder, compiled, **_):
        self.loaded = tf.saved_model.load(str(Path(folder, SAVED_MODEL)))
        self.compiled = compiled
        self.about = {"natural": True}
        self.translations = Translations(folder, tf.constant, self._decode)

    def measure(self, number, **task):
        """See `Translations`."""
        return self.translations.measure(**task)

    def _decode(self, source, search, tokens):
        name = signature_name(search, tokens, self.compiled)
        return np.count_nonzero(self.loaded.signatures[name](source=source)["tokens"])
