"""Encoder-decoder models in Keras 3: tested layers, one search, exports that answer text with text.

The package reads from left to right, and no part imports one to its right: `corpora`,
`tokenizer`, `pipeline`, `layers`, `models`, `search`, `evaluation`, `training`, `export`,
`serving`, `report`, `command_line`, `lessons`. `layers` and `models` use `keras.ops` alone and
import no TensorFlow.
"""

__version__ = "0.1.0"
