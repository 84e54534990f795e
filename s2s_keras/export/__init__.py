"""A trained model as a folder that answers text with text, and such folders read back."""

from s2s_keras.export.deployed import Deployed, load
from s2s_keras.export.export import export
from s2s_keras.export.saved_model import write_saved_model

__all__ = ["Deployed", "export", "load", "write_saved_model"]
