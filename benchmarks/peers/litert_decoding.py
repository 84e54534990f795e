"""This project's model as a `.tflite` file, run by LiteRT on one thread, as on a phone.

`write_files` writes it, before any peer runs, as `s2s-keras export` does: the same search, the same
conversion. Only the number of tokens can be forced here, which no exported file does.
"""

import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from benchmarks.decoding_setup import NATURAL_LENGTH, Translations, signature_name
from benchmarks.peers.s2s_keras_decoding import target_limits
from s2s_keras.export.litert_file import check_operators, convert, to_bytes
from s2s_keras.export.litert_model import run_once
from s2s_keras.export.litert_tables import share_tables
from s2s_keras.layers.scan import scans_in_buffers
from s2s_keras.search import Greedy, Search, longest_target, one_best_beam

PRECISIONS = ("float32", "int8")


def write_files(model, folder, lengths, beam_size):
    """Writes `PRECISION.tflite` for each of `PRECISIONS`.

    Args:
        model: an `EncoderDecoder`.
        folder: where the peers' files lie.
        lengths: numbers of tokens to force, None for natural stops.
        beam_size: width of the search `beam`.
    """
    module = tf.Module()
    module.weights_ = [variable.value for variable in model.variables]
    source = tf.TensorSpec([None, None], tf.int32, name="source")
    with scans_in_buffers():
        signatures = {
            signature_name(search, tokens): tf.function(
                _decoder(model, strategy, tokens), input_signature=[source], autograph=False
            ).get_concrete_function()
            for search, strategy in (("greedy", Greedy()), ("beam", one_best_beam(beam_size)))
            for tokens in lengths
        }
    with tempfile.TemporaryDirectory() as saved_model:
        tf.saved_model.save(module, saved_model, signatures)
        for precision in PRECISIONS:
            converted = convert(saved_model, signatures, precision)
            check_operators(converted)
            share_tables(converted)
            Path(folder, f"{precision}.tflite").write_bytes(to_bytes(converted))


def _decoder(model, strategy, tokens):
    search = Search(model, strategy, min_length=tokens or 0)

    def decode(source):
        length = tokens or longest_target(tf.shape(source)[1], NATURAL_LENGTH)
        carry = search.begin(source, target_limits(source, tokens), length)
        return {"tokens": search.finish(search.complete(carry)).tokens[:, 0]}

    return decode


class Peer:
    """See the module.

    Args:
        folder: where the peers' files lie.
        precision: one of `PRECISIONS`.
        beam_size: is in the file.
        sizes: as well.
    """

    def __init__(self, folder, precision, **_):
        self.interpreter = Interpreter(str(Path(folder, f"{precision}.tflite")), num_threads=1)
        self.runners = {}
        for name in self.interpreter.get_signature_list():
            self.runners[name] = self.interpreter.get_signature_runner(name)
            run_once(self.runners[name])
        self.about = {"natural": True}
        self.translations = Translations(folder, np.asarray, self._decode)

    def measure(self, number, **task):
        """See `Translations`."""
        return self.translations.measure(**task) | {"inter_threads": 1, "intra_threads": 1}

    def _decode(self, source, search, tokens):
        answer = self.runners[signature_name(search, tokens)](source=source)
        return np.count_nonzero(answer["tokens"])
