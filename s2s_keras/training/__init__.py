"""Training: settings, run folder, exact resume, and the function that puts them together."""

from s2s_keras.training.data_diversification import back_translate, forward_translate
from s2s_keras.training.elsewhere import take_weights, write_tokens
from s2s_keras.training.recipe_file import RecipeFile, read_recipe
from s2s_keras.training.run import Run
from s2s_keras.training.scoring import score_run
from s2s_keras.training.settings import Settings
from s2s_keras.training.train import train

__all__ = [
    "RecipeFile",
    "Run",
    "Settings",
    "back_translate",
    "forward_translate",
    "read_recipe",
    "score_run",
    "take_weights",
    "train",
    "write_tokens",
]
