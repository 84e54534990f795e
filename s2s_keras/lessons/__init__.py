"""What the lessons in `notebooks/` share, and nothing else needs."""

from s2s_keras.lessons.figures import show
from s2s_keras.lessons.start import start
from s2s_keras.lessons.training_curves import show_training

__all__ = ["show", "show_training", "start"]
