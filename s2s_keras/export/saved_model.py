"""A text-to-text SavedModel for TensorFlow Serving."""

from pathlib import Path

import tensorflow as tf

from s2s_keras.files import write_json

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


def write_saved_model(path, text_to_text, description):
    """Writes a SavedModel.

    Signatures, each for any batch size: `serving_default` and `attention` take `text` string
    `(batch,)`, `tokens` takes `source` int32 `(batch, source)` (ids, end id last, 0 = padding).
    See `TextToText` for what they give.

    Args:
        path: a folder that does not exist.
        text_to_text: the `TextToText` to write.
        description: a dictionary kept beside the graph with the tokenizer: languages, lengths,
            whatever a program that loads the model wants to know.
    """
    text = tf.TensorSpec([None], tf.string, name="text")
    source = tf.TensorSpec([None, None], tf.int32, name="source")
    signatures = {
        "serving_default": tf.function(text_to_text.translate, input_signature=[text]),
        "attention": tf.function(text_to_text.attend, input_signature=[text]),
        "tokens": tf.function(text_to_text.tokens, input_signature=[source]),
    }
    tf.saved_model.save(_Servable(text_to_text), str(path), signatures)
    path = Path(path)
    (path / EXTRA).mkdir()
    (path / TOKENIZER_FILE).write_bytes(text_to_text.tokenizer.model)
    write_json(path / DESCRIPTION_FILE, description)
