"""Named combinations of layers and sizes."""

from s2s_keras.errors import InputError
from s2s_keras.layers import AdditiveAttention, FixedContext, RecurrentDecoder, RecurrentEncoder
from s2s_keras.models.encoder_decoder import EncoderDecoder


def _gru(vocabulary_size, attention):
    return EncoderDecoder(
        vocabulary_size,
        embedding_units=256,
        encoder=RecurrentEncoder(256),
        decoder=RecurrentDecoder(512, output_units=256, attention=attention),
        dropout=0.3,
    )


PRESETS = {
    "gru": lambda vocabulary_size: _gru(vocabulary_size, FixedContext()),
    "gru-attention": lambda vocabulary_size: _gru(vocabulary_size, AdditiveAttention(256)),
}


def build_preset(name, vocabulary_size):
    """Builds the model of a preset, with new weights.

    Args:
        name: one of `PRESETS`: `gru` (fixed-size context) or `gru-attention` (additive attention
            inside the recurrence).
        vocabulary_size: number of token ids.

    Raises:
        InputError: if there is no such preset.
    """
    if name not in PRESETS:
        raise InputError(f"unknown model {name!r}: choose one of {', '.join(PRESETS)}")
    model = PRESETS[name](vocabulary_size)
    model.build()
    return model
