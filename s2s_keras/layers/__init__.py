"""Layers of encoder-decoder models, written with `keras.ops` alone.

An **encoder** maps `(batch, source, features)` and a mask `(batch, source)` to an `Encoded`. A
**decoder** offers `start(encoded)`, which gives its first state (any nest of tensors whose first
axis is `batch`), and `step(embedded, state)`, which reads one embedded token `(batch, features)`
and gives `(output, state, weights)`; its `call` does the same for a whole target at once, as
teacher forcing needs. An **attention** offers `start(encoded)`, which gives its memory (what stays
the same while decoding), and `call(query, memory)`, which gives the context and its weights.
"""

from s2s_keras.layers.additive_attention import AdditiveAttention
from s2s_keras.layers.encoded import Encoded
from s2s_keras.layers.fixed_context import FixedContext
from s2s_keras.layers.gru_cell import GRUCell
from s2s_keras.layers.recurrent_decoder import RecurrentDecoder
from s2s_keras.layers.recurrent_encoder import RecurrentEncoder

__all__ = [
    "AdditiveAttention",
    "Encoded",
    "FixedContext",
    "GRUCell",
    "RecurrentDecoder",
    "RecurrentEncoder",
]
