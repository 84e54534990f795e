"""CTranslate2 with this project's weights, at the number of threads that is best for each task.

The model is converted before any peer runs (`ctranslate2_converter.py`). At the first measurement
of a task every setting in `THREADS` is tried, and the fastest is used from then on: one batch with
several threads, or a batch in two halves on two workers with one thread each. Sentences are given
as tokens, so no tokenizer is in the time.
"""

import time
from pathlib import Path

import ctranslate2

from benchmarks.ctranslate2_converter import to_tokens
from benchmarks.decoding_setup import NATURAL_LENGTH, Translations, source_batches
from s2s_keras.machine import cores

MODEL = "ctranslate2"


def settings(compute_type):
    """What to try, as `(inter_threads, intra_threads)`."""
    workers = [(cores(), 1), (1, 1)]
    # More than one thread makes int8 products slower by an order of magnitude.
    return workers if compute_type == "int8" else [*workers, (1, cores())]


class Peer:
    """See the module.

    Args:
        folder: where the peers' files lie.
        compute_type: `float32` or `int8`.
        beam_size: width of the search `beam`.
    """

    def __init__(self, folder, compute_type, beam_size, **_):
        self.translators = {
            (inter, intra): ctranslate2.Translator(
                str(Path(folder, MODEL)),
                compute_type=compute_type,
                inter_threads=inter,
                intra_threads=intra,
            )
            for inter, intra in dict.fromkeys(settings(compute_type))
        }
        self.beam_size = beam_size
        self.best = {}
        self.about = {"natural": True, "version": ctranslate2.__version__}
        self.translations = Translations(folder, self._prepare, self._decode)

    def measure(self, number, **task):
        """See `Translations`. The answer also says which threads are best for the task."""
        key = tuple(task.values())
        if key not in self.best:
            self.best[key] = self._choose(**task)
        self.threads = self.best[key]
        answer = self.translations.measure(**task)
        return answer | {"inter_threads": self.threads[0], "intra_threads": self.threads[1]}

    def _choose(self, batch, sentences, search, tokens):
        batches = source_batches(self.translations.rows, batch, sentences, tokens)
        batches = [self._prepare(each) for each in batches]
        seconds = {}
        for threads in self.translators:
            self.threads = threads
            self._decode(batches[0], search, tokens)
            start = time.perf_counter()
            for each in batches:
                self._decode(each, search, tokens)
            seconds[threads] = time.perf_counter() - start
        return min(seconds, key=seconds.get)

    def _prepare(self, source):
        return [to_tokens(row) for row in source]

    def _decode(self, source, search, tokens):
        workers = self.threads[0]
        answers = self.translators[self.threads].translate_batch(
            source,
            beam_size=1 if search == "greedy" else self.beam_size,
            max_batch_size=-(-len(source) // workers),
            min_decoding_length=tokens or 0,
            max_decoding_length=tokens or NATURAL_LENGTH,
            return_end_token=True,
        )
        return sum(len(each.hypotheses[0]) for each in answers)
