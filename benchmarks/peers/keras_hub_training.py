"""KerasHub's Transformer layers (`keras_hub_layers.py`), trained as the peer `transformer` is.

Batches, loss, metric and optimizer are this project's, so that what differs is the layers.
"""

import functools

from benchmarks.peers.keras_hub_layers import build_model
from benchmarks.training_setup import FittedPeer, bucketed_batches, compile_for_training


def _compiled(*sizes, **more_sizes):
    model = build_model(*sizes, **more_sizes)
    compile_for_training(model)
    return model


Peer = functools.partial(FittedPeer, _compiled, bucketed_batches)
