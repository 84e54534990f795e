"""Training: settings, run folder, exact resume, and the function that puts them together."""

from s2s_keras.training.run import Run
from s2s_keras.training.settings import Settings
from s2s_keras.training.train import train

__all__ = ["Run", "Settings", "train"]
