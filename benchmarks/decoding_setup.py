"""What peers that translate have in common: the sources, the batches, the clock."""

import time
from pathlib import Path

import numpy as np

from s2s_keras.pipeline.batches import bucket_widths, pad

SOURCES_FILE = "sources.npz"
# The most tokens of a translation with natural stops; those of Multi30k's test sets have fewer.
NATURAL_LENGTH = 96


def signature_name(search, tokens, compiled=False):
    """The name of a signature, such as `greedy_40_xla` or `beam_natural`."""
    return f"{search}_{tokens or 'natural'}{'_xla' if compiled else ''}"


def write_sources(folder, rows):
    """Writes source rows, int32 with the end id last, to a file that all peers read."""
    lengths = np.array([len(row) for row in rows])
    np.savez(Path(folder, SOURCES_FILE), ids=np.concatenate(rows), lengths=lengths)


def read_sources(folder):
    """The rows that `write_sources` wrote."""
    with np.load(Path(folder, SOURCES_FILE)) as arrays:
        return np.split(arrays["ids"], np.cumsum(arrays["lengths"])[:-1])


def source_batches(rows, batch, sentences, tokens):
    """`sentences` rows in padded batches, rows of similar length together.

    The widths are those of training's batches: few shapes. Where the number of `tokens` to generate
    is forced, only sentences of the commonest width are taken, so that there is one shape, and none
    of a peer's time goes to padding that another peer has not.
    """
    if tokens is not None:
        widths = bucket_widths([len(row) for row in rows])
        common = np.bincount(widths).argmax()
        rows = [row for row, width in zip(rows, widths, strict=True) if width == common]
    rows = sorted((rows[index % len(rows)] for index in range(sentences)), key=len)
    batches = [rows[first : first + batch] for first in range(0, sentences, batch)]
    return [pad(each, int(bucket_widths(len(each[-1])))) for each in batches]


class Translations:
    """Times a peer's translations of the same sources again and again.

    Args:
        folder: where `write_sources` has written.
        prepare: a function from a padded batch of ids to what the peer reads.
        decode: a function `(prepared, search, tokens)` that translates a batch and gives how many
            tokens it has generated. `search` is `greedy` or `beam`; `tokens` is the number of
            tokens to generate for every sentence, or None for natural stops.
    """

    def __init__(self, folder, prepare, decode):
        self.rows = read_sources(folder)
        self.prepare, self.decode = prepare, decode
        self.warm = set()

    def measure(self, batch, sentences, search, tokens):
        """Seconds and tokens of `sentences` translations in batches of `batch`.

        The first time, all is translated once before the clock starts: every shape is compiled.
        """
        batches = source_batches(self.rows, batch, sentences, tokens)
        batches = [self.prepare(each) for each in batches]
        if (batch, search, tokens) not in self.warm:
            self._run(batches, search, tokens)
            self.warm.add((batch, search, tokens))
        start = time.perf_counter(), time.process_time()
        generated = self._run(batches, search, tokens)
        return {
            "seconds": time.perf_counter() - start[0],
            "processor_seconds": time.process_time() - start[1],
            "sentences": sentences,
            "tokens": int(generated),
        }

    def _run(self, batches, search, tokens):
        return sum(self.decode(each, search, tokens) for each in batches)
