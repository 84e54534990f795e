"""A trained model as a folder that answers text with text, and such folders read back."""

from s2s_keras.export.deployed import Deployed, exported_versions, load
from s2s_keras.export.export import export, write_results
from s2s_keras.export.saved_model import write_saved_model

__all__ = [
    "Deployed",
    "export",
    "exported_versions",
    "load",
    "write_results",
    "write_saved_model",
]
