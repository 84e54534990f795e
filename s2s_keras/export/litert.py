"""Models for LiteRT: phones, browsers, small computers."""

import tempfile

import tensorflow as tf

from s2s_keras.export.litert_file import (
    PRECISIONS,
    check_operators,
    check_size,
    convert,
    set_default_shapes,
    to_bytes,
)
from s2s_keras.export.litert_metadata import add_files, add_metadata
from s2s_keras.export.litert_signatures import LiteRTSignatures
from s2s_keras.export.litert_tables import share_tables


def default_width(max_length):
    """The width of a source, in tokens, for programs that do not resize the input."""
    return min(64, max_length)


def litert_files(text_to_text, beam_size, description):
    """A model as `.tflite` files, one for each of `PRECISIONS`.

    Signatures: `greedy` and `beam` take `source` int32 `(batch, source)` (ids, end id last, 0 =
    padding) and give `tokens` int32 `(batch, target)`, 0 after the end id, and `score` float32
    `(batch,)`; `encode` takes `source` and gives the decoder's state, tensors by name;
    `decode_step` takes `token` int32 `(batch,)` and the state, and gives `logits` float32
    `(batch, vocabulary)`, `weights` float32 `(batch, source)` and the state after it. Inputs may be
    resized; unless they are, there is one source, of `default_width(max_length)` tokens.

    Each file carries its tokenizer and `description`; see `litert_metadata`.

    Args:
        text_to_text: the `TextToText` to convert.
        beam_size: width of the beam.
        description: languages, lengths, whatever a program that loads the file wants to know.

    Yields:
        The precision and the file's bytes.

    Raises:
        InputError: if LiteRT has not all operators, or if weights are lost.
    """
    model, max_length = text_to_text.model, text_to_text.max_length
    signatures = LiteRTSignatures(model, max_length, beam_size)
    shapes = signatures.shapes((1, default_width(max_length)))
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(signatures, folder, signatures.functions)
        for precision in PRECISIONS:
            converted = convert(folder, signatures.functions, precision)
            check_operators(converted)
            share_tables(converted)
            set_default_shapes(converted, shapes)
            add_metadata(converted, description)
            data = to_bytes(converted)
            check_size(data, model.count_params(), precision)
            yield precision, add_files(data, text_to_text.tokenizer.model, description)
