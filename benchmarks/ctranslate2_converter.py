"""Our Transformer's weights as a CTranslate2 model, so that both compute the same function.

A token is written as its id in decimal, so source and translation are ids here as there:

    folder = convert(model, "converted")
    translator = ctranslate2.Translator(folder)
    translator.translate_batch([to_tokens(row) for row in sources], beam_size=1)
"""

from pathlib import Path

import numpy as np
from ctranslate2.specs.transformer_spec import TransformerSpec
from keras import ops

from s2s_keras.layers import TransformerDecoder, TransformerEncoder
from s2s_keras.layers.layer_normalization import EPSILON
from s2s_keras.layers.positions import SinusoidalPositions, sinusoidal_positions
from s2s_keras.special_ids import BEGIN, END, UNKNOWN

# Sinusoidal positions have no end; CTranslate2 cuts sources after this many tokens.
MAX_LENGTH = 1024
# Large and finite, as in `s2s_keras.search`: padding, unknown and begin are never generated.
_NEVER = -1e9


def convert(model, folder):
    """Writes an `EncoderDecoder` of Transformer layers as a CTranslate2 model.

    Args:
        model: the model, with tied softmax and token ids as source.
        folder: where to write it; made if need be.

    Returns:
        The folder, as text.

    Raises:
        ValueError: if the model has no counterpart in CTranslate2.
    """
    spec = to_spec(model)
    spec.validate()
    spec.optimize()
    Path(folder).mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    return str(folder)


def to_tokens(ids):
    """A row of ids, 0 at padding, as CTranslate2's tokens."""
    return [str(each) for each in ids if each]


def to_ids(tokens):
    """CTranslate2's tokens as ids."""
    return [int(each) for each in tokens]


def to_spec(model):
    """The `TransformerSpec` with the model's weights; arguments and errors as for `convert`."""
    encoder, decoder = model.encoder, model.decoder
    if not isinstance(encoder, TransformerEncoder) or not isinstance(decoder, TransformerDecoder):
        raise ValueError("only a Transformer encoder with a Transformer decoder can be converted")
    if not model.tied_softmax:
        raise ValueError("only a model with a tied softmax can be converted")
    sizes = ("heads", "norm")
    if any(encoder.config[name] != decoder.config[name] for name in sizes):
        raise ValueError("encoder and decoder must have the same heads and norm")
    spec = TransformerSpec.from_config(
        (encoder.config["layers"], decoder.config["layers"]),
        encoder.config["heads"],
        pre_norm=encoder.config["norm"] == "pre",
    )
    spec.config.layer_norm_epsilon = EPSILON
    _set_tokens(spec, model.vocabulary_size)
    _set_stack(spec.encoder, encoder)
    _set_stack(spec.decoder, decoder)
    spec.encoder.embeddings[0].weight = _array(model.source_embedding.embeddings)
    table = _array(model.target_embedding.embeddings)
    spec.decoder.embeddings.weight = table
    spec.decoder.projection.weight = table
    bias = np.zeros(model.vocabulary_size, "float32")
    bias[: BEGIN + 1] = _NEVER
    spec.decoder.projection.bias = bias
    for layer, block in zip(spec.decoder.layer, decoder.blocks, strict=True):
        _set_source_attention(layer.attention, block)
    return spec


def _set_tokens(spec, vocabulary_size):
    vocabulary = [str(index) for index in range(vocabulary_size)]
    spec.register_source_vocabulary(vocabulary)
    spec.register_target_vocabulary(vocabulary)
    spec.config.unk_token = str(UNKNOWN)
    spec.config.bos_token = spec.config.decoder_start_token = str(BEGIN)
    spec.config.eos_token = str(END)
    spec.config.add_source_eos = False  # our sources end with it


def _set_stack(spec, stack):
    """What an encoder and a decoder have in common."""
    spec.position_encodings.encodings = _positions(stack)
    if stack.normalization is not None:
        _set_norm(spec.layer_norm, stack.normalization)
    for layer, block in zip(spec.layer, stack.blocks, strict=True):
        _set_norm(layer.self_attention.layer_norm, block.attention_residual.normalization)
        _set_kernel(layer.self_attention.linear[0], block.attention.kernel)
        _set_kernel(layer.self_attention.linear[1], block.attention.output_kernel)
        _set_norm(layer.ffn.layer_norm, block.feed_forward_residual.normalization)
        _set_dense(layer.ffn.linear_0, block.feed_forward.hidden)
        _set_dense(layer.ffn.linear_1, block.feed_forward.outer)


def _set_source_attention(spec, block):
    _set_norm(spec.layer_norm, block.source_residual.normalization)
    attention = block.source_attention
    kernels = (attention.query_kernel, attention.source_kernel, attention.output_kernel)
    for linear, kernel in zip(spec.linear, kernels, strict=True):
        _set_kernel(linear, kernel)


def _positions(stack):
    if isinstance(stack.positions, SinusoidalPositions):
        positions = ops.arange(MAX_LENGTH + 1, dtype="float32")
        return _array(sinusoidal_positions(positions, stack.units))
    return _array(stack.positions.positions)


def _set_norm(spec, layer):
    spec.gamma, spec.beta = _array(layer.gamma), _array(layer.beta)


def _set_dense(spec, layer):
    _set_kernel(spec, layer.kernel)
    spec.bias = _array(layer.bias)


def _set_kernel(spec, kernel):
    # Rows are outputs there and inputs here.
    spec.weight = np.ascontiguousarray(_array(kernel).T)


def _array(tensor):
    return ops.convert_to_numpy(tensor).astype("float32")
