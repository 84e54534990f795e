"""Models small enough for tests."""

from s2s_keras.layers import (
    AdditiveAttention,
    ConvolutionalEncoder,
    FixedContext,
    HierarchicalEncoder,
    LocalAttention,
    MultiHeadContext,
    MultiplicativeAttention,
    RecurrentDecoder,
    RecurrentEncoder,
    TransformerDecoder,
    TransformerEncoder,
)
from s2s_keras.models import EncoderDecoder

UNITS = 8


def recurrent(attention=None, **settings):
    return RecurrentDecoder(10, UNITS, attention or AdditiveAttention(6), **settings)


# A segment of two tokens is shorter than the tests' sources, and does not divide them.
ENCODERS = {
    "gru-encoder": lambda: RecurrentEncoder(5),
    "lstm-encoder": lambda: RecurrentEncoder(5, cell="lstm"),
    "simple-rnn-encoder": lambda: RecurrentEncoder(5, cell="simple_rnn"),
    "forward-encoder": lambda: RecurrentEncoder(5, bidirectional=False),
    "stacked-encoder": lambda: RecurrentEncoder(5, layers=3, residual=True, dropout=0.5),
    "convolutional-encoder": lambda: ConvolutionalEncoder(6, layers=2, dropout=0.5),
    "hierarchical-encoder": lambda: HierarchicalEncoder(5, segment_length=2),
    "transformer-encoder": lambda: TransformerEncoder(2, heads=2, feed_forward_units=9),
}
DECODERS = {
    "fixed-context": lambda: recurrent(FixedContext()),
    "additive": lambda: recurrent(AdditiveAttention(6)),
    "general": lambda: recurrent(MultiplicativeAttention()),
    "dot": lambda: recurrent(MultiplicativeAttention("dot")),
    "scaled-dot": lambda: recurrent(MultiplicativeAttention("scaled-dot")),
    "local-m": lambda: recurrent(LocalAttention(1, "monotonic")),
    "local-p": lambda: recurrent(LocalAttention(2, "predictive")),
    "multi-head": lambda: recurrent(MultiHeadContext(heads=2, head_units=3)),
    "lstm-decoder": lambda: recurrent(cell="lstm"),
    "simple-rnn-decoder": lambda: recurrent(cell="simple_rnn"),
    "stacked-decoder": lambda: recurrent(cell="lstm", layers=3, residual=True, dropout=0.5),
    "transformer-decoder": lambda: TransformerDecoder(2, heads=2, feed_forward_units=9),
}
# Every encoder with one decoder, and every decoder with one encoder.
MODELS = {
    "gru": ("gru-encoder", "fixed-context"),
    "gru-attention": ("gru-encoder", "additive"),
    "transformer": ("transformer-encoder", "transformer-decoder"),
    **{name: (name, "additive") for name in ENCODERS if name != "gru-encoder"},
    **{
        name: ("gru-encoder", name)
        for name in DECODERS
        if name not in ("fixed-context", "additive")
    },
}


def small_model(name, tied_softmax=True):
    """The model of a name in `MODELS`."""
    encoder, decoder = MODELS[name]
    model = EncoderDecoder(
        vocabulary_size=50,
        embedding_units=UNITS,
        encoder=ENCODERS[encoder](),
        decoder=DECODERS[decoder](),
        dropout=0.5,
        tied_softmax=tied_softmax,
    )
    model.build()
    return model
