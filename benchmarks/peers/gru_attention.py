"""This project's attention model, trained as `s2s_keras.training.train` trains it.

The full recurrence (Bahdanau et al. 2015): attention inside the decoder's loop, in a readout that
sees state, context and token; batches of similar lengths; loss with label smoothing, accuracy,
Adam with a warm-up, a cosine and clipping, in the settings that `s2s-keras train` has.

Two settings are not those of the preset `gru-attention` but the tutorial's, so that both are of one
size: all states have `units` units, and there is no dropout.

A batch holds as many padded tokens as make it `sentences` pairs in the mean over an epoch, so that
it has as many real target tokens as the tutorial's, in the mean.
"""

import functools

from benchmarks.training_setup import FittedPeer, bucketed_batches, compile_for_training
from s2s_keras.layers import AdditiveAttention, RecurrentDecoder, RecurrentEncoder
from s2s_keras.models import EncoderDecoder


def build_model(vocabulary_size, units):
    """The model, compiled."""
    model = EncoderDecoder(
        vocabulary_size,
        embedding_units=units,
        encoder=RecurrentEncoder(units),
        decoder=RecurrentDecoder(units, output_units=units, attention=AdditiveAttention(units)),
    )
    model.build()
    compile_for_training(model)
    return model


Peer = functools.partial(FittedPeer, build_model, bucketed_batches)
