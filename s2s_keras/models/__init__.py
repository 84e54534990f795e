"""Encoder-decoder models, the loss they are trained with, and the presets that build them."""

from s2s_keras.models.encoder_decoder import EncoderDecoder
from s2s_keras.models.losses import MaskedCrossentropy, TokenAccuracy
from s2s_keras.models.presets import PRESETS, build_preset

__all__ = ["PRESETS", "EncoderDecoder", "MaskedCrossentropy", "TokenAccuracy", "build_preset"]
