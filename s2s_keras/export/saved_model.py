"""A text-to-text SavedModel for TensorFlow Serving."""

from pathlib import Path

import tensorflow as tf

from s2s_keras.export.batch_products import use_plain_batch_products
from s2s_keras.export.saved_graphs import edited_graphs
from s2s_keras.export.serving_files import write_warm_up
from s2s_keras.export.shape_notes import drop_shape_notes
from s2s_keras.export.slice_updates import use_plain_slice_updates
from s2s_keras.files import write_json
from s2s_keras.search import Greedy, one_best_beam
from s2s_keras.search.text_to_text import at_least_one_column

# TensorFlow Serving ignores what lies in here; the command line reads it.
EXTRA = Path("assets.extra")
TOKENIZER_FILE = EXTRA / "tokenizer.model"
DESCRIPTION_FILE = EXTRA / "s2s_keras.json"


class _Servable(tf.Module):
    """What a SavedModel tracks: the weights and the tokenizer, but not the Keras model.

    A module that holds the Keras model reloads in Python, but the C loader of TensorFlow Serving
    then misses variables at the first request.
    """

    def __init__(self, text_to_text):
        super().__init__()
        self.weights = [variable.value for variable in text_to_text.model.variables]
        self.tokenizer = text_to_text.tokenizer


def write_saved_model(path, text_to_text, beam_size, description):
    """Writes a SavedModel.

    Signatures, each for any batch size: `serving_default` (greedy), `beam` and `attention` (greedy)
    take `text` string `(batch,)`; `serving_fast` and `beam_fast` give what the first two give, and
    are compiled by XLA; `tokens` (greedy) takes `source` int32 `(batch, source)` (ids, end id last,
    0 = padding), reads the first `max_length` of a row and refuses what is no id. See `TextToText`
    for what they give.

    Args:
        path: a folder that does not exist.
        text_to_text: the `TextToText` to write.
        beam_size: width of the beam.
        description: a dictionary kept beside the graph with the tokenizer: languages, lengths,
            whatever a program that loads the model wants to know.
    """
    text = tf.TensorSpec([None], tf.string, name="text")
    source = tf.TensorSpec([None, None], tf.int32, name="source")
    beam = one_best_beam(beam_size)
    of_text = {
        "serving_default": text_to_text.translate,
        "beam": text_to_text.searching(beam).translate,
        "serving_fast": text_to_text.searching(Greedy(), compiled=True).translate,
        "beam_fast": text_to_text.searching(beam, compiled=True).translate,
        "attention": text_to_text.attend,
    }
    signatures = {
        name: tf.function(function, input_signature=[text], autograph=False)
        for name, function in of_text.items()
    }
    signatures["tokens"] = tf.function(
        _tokens(text_to_text), input_signature=[source], autograph=False
    )
    tf.saved_model.save(_Servable(text_to_text), str(path), signatures)
    path = Path(path)
    with edited_graphs(path) as graphs:
        use_plain_batch_products(graphs)
        use_plain_slice_updates(graphs)
        drop_shape_notes(graphs)
    (path / EXTRA).mkdir()
    (path / TOKENIZER_FILE).write_bytes(text_to_text.tokenizer.model)
    write_json(path / DESCRIPTION_FILE, description)
    write_warm_up(path, text_to_text.tokenizer, text_to_text.max_length)


def _tokens(text_to_text):
    """`TextToText.tokens`, for ids as strangers send them."""
    last = text_to_text.tokenizer.vocabulary_size - 1

    def tokens(source):
        source = at_least_one_column(source[:, : text_to_text.max_length])
        are_ids = tf.reduce_all((source >= 0) & (source <= last))
        checked = tf.debugging.Assert(are_ids, [f"source: an id must be from 0 to {last}"])
        with tf.control_dependencies([checked]):
            return text_to_text.tokens(tf.identity(source))

    return tokens
