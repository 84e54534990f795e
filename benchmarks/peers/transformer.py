"""This project's Transformer, trained as `s2s_keras.training.train` trains it.

Pre-norm layers, sinusoidal positions, one table for source, target and softmax. Dropout 0.1 in the
same places as PyTorch's `nn.Transformer` has it as it comes: on embedded tokens, on each sublayer's
outputs, on the attentions' weights and inside the feed-forward networks. Batches, loss, metric and
optimizer are those of the peer `gru-attention`.
"""

import functools

from benchmarks.training_setup import FittedPeer, bucketed_batches, compile_for_training
from s2s_keras.layers import TransformerDecoder, TransformerEncoder
from s2s_keras.models import EncoderDecoder


def build_model(vocabulary_size, units, layers, heads, feed_forward_units, dropout=0.1):
    """The model, with new weights."""
    stack = {
        "layers": layers,
        "heads": heads,
        "feed_forward_units": feed_forward_units,
        "dropout": dropout,
        "inner_dropout": dropout,
    }
    model = EncoderDecoder(
        vocabulary_size,
        embedding_units=units,
        encoder=TransformerEncoder(**stack),
        decoder=TransformerDecoder(**stack),
        shared_embedding=True,
    )
    model.build()
    return model


def _compiled(*sizes, **more_sizes):
    model = build_model(*sizes, **more_sizes)
    compile_for_training(model)
    return model


Peer = functools.partial(FittedPeer, _compiled, bucketed_batches)
