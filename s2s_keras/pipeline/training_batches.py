"""The batches that a training's settings ask for."""

from s2s_keras.pipeline.batches import Batches
from s2s_keras.pipeline.bpe_dropout import BPEDropout, Merges


def training_batches(pairs, pieces, settings):
    """The batches that a model is trained on.

    Args:
        pairs: `TokenPairs`.
        pieces: the vocabulary's pieces in the order of their ids; see `Merges`.
        settings: an object with `batch_tokens`, `seed`, `max_length`, `bpe_dropout` and `r_drop`;
            see `s2s_keras.training.Settings`.

    Returns:
        `Batches`: cut anew in every epoch under BPE-dropout, with every pair twice under R-Drop.
    """
    resample = None
    if settings.bpe_dropout:
        resample = BPEDropout(
            pairs, Merges(pieces), settings.bpe_dropout, settings.max_length, settings.seed
        )
    copies = 2 if settings.r_drop else 1
    return Batches(pairs, settings.batch_tokens, settings.seed, resample, copies)
