"""Encoder-decoder models, how they are put together, and what they are trained with."""

from s2s_keras.models.combination import PRECISIONS, build_model, resolve
from s2s_keras.models.encoder_decoder import EncoderDecoder
from s2s_keras.models.losses import (
    MaskedCrossentropy,
    RDropCrossentropy,
    TokenAccuracy,
    training_loss,
)
from s2s_keras.models.presets import PRESETS, build_preset, find_combination
from s2s_keras.models.recipe import SCHEDULES, Recipe
from s2s_keras.models.scheduled_sampling import ScheduledSampling
from s2s_keras.models.schedules import build_schedule

__all__ = [
    "PRECISIONS",
    "PRESETS",
    "SCHEDULES",
    "EncoderDecoder",
    "MaskedCrossentropy",
    "RDropCrossentropy",
    "Recipe",
    "ScheduledSampling",
    "TokenAccuracy",
    "build_model",
    "build_preset",
    "build_schedule",
    "find_combination",
    "resolve",
    "training_loss",
]
