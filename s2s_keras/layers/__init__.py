"""Layers of encoder-decoder models, written with `keras.ops` alone.

An **embedding** maps a source to `(batch, source, features)` and says by `compute_mask` which
positions are real. What a source is, only its embedding knows: token ids (`TokenEmbedding`), audio
frames or image patches (`FeatureEmbedding`).

An **encoder** maps `(batch, source, features)` and a mask `(batch, source)` to an `Encoded`. Its
`annotation_units` and `state_units` say how large the parts of that are.

A **decoder** reads embedded target symbols, whatever they are: `call(embedded, encoded)` reads a
whole target at once, as teacher forcing needs. To read it symbol by symbol, `start(encoded, width,
length)` gives the first `DecoderState` for `width` hypotheses of each source with room for `length`
steps, `step(embedded, position, state)` reads one symbol of each hypothesis, and `grow(state,
length)` makes room for more steps. Both ways give the same readouts.

An **attention** serves a recurrent decoder; see `Attention`.
"""

from s2s_keras.layers.additive_attention import AdditiveAttention
from s2s_keras.layers.attention import Attention
from s2s_keras.layers.convolutional_encoder import ConvolutionalEncoder
from s2s_keras.layers.decoder_state import DecoderState
from s2s_keras.layers.encoded import Encoded
from s2s_keras.layers.feature_embedding import FeatureEmbedding
from s2s_keras.layers.feed_forward import FeedForward
from s2s_keras.layers.fixed_context import FixedContext
from s2s_keras.layers.gru_cell import GRUCell
from s2s_keras.layers.hierarchical_encoder import HierarchicalEncoder
from s2s_keras.layers.local_attention import LocalAttention
from s2s_keras.layers.lstm_cell import LSTMCell
from s2s_keras.layers.multi_head_attention import CrossAttention, SelfAttention
from s2s_keras.layers.multi_head_context import MultiHeadContext
from s2s_keras.layers.multiplicative_attention import MultiplicativeAttention
from s2s_keras.layers.positions import LearnedPositions, SinusoidalPositions, sinusoidal_positions
from s2s_keras.layers.recurrent_decoder import RecurrentDecoder
from s2s_keras.layers.recurrent_encoder import RecurrentEncoder
from s2s_keras.layers.simple_rnn_cell import SimpleRNNCell
from s2s_keras.layers.token_embedding import TokenEmbedding
from s2s_keras.layers.transformer_decoder import TransformerDecoder
from s2s_keras.layers.transformer_encoder import TransformerEncoder

__all__ = [
    "AdditiveAttention",
    "Attention",
    "ConvolutionalEncoder",
    "CrossAttention",
    "DecoderState",
    "Encoded",
    "FeatureEmbedding",
    "FeedForward",
    "FixedContext",
    "GRUCell",
    "HierarchicalEncoder",
    "LSTMCell",
    "LearnedPositions",
    "LocalAttention",
    "MultiHeadContext",
    "MultiplicativeAttention",
    "RecurrentDecoder",
    "RecurrentEncoder",
    "SelfAttention",
    "SimpleRNNCell",
    "SinusoidalPositions",
    "TokenEmbedding",
    "TransformerDecoder",
    "TransformerEncoder",
    "sinusoidal_positions",
]
