"""Models small enough for tests."""

from s2s_keras.layers import AdditiveAttention, FixedContext, RecurrentDecoder, RecurrentEncoder
from s2s_keras.models import EncoderDecoder

ATTENTIONS = {"gru": FixedContext, "gru-attention": lambda: AdditiveAttention(6)}


def small_model(name, tied_softmax=True):
    model = EncoderDecoder(
        vocabulary_size=50,
        embedding_units=7,
        encoder=RecurrentEncoder(5),
        decoder=RecurrentDecoder(8, output_units=7, attention=ATTENTIONS[name]()),
        dropout=0.5,
        tied_softmax=tied_softmax,
    )
    model.build()
    return model
