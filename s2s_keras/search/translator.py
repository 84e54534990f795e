"""Lists of texts, translated batch by batch."""

from typing import NamedTuple

import tensorflow as tf


class Translation(NamedTuple):
    """A translation and the natural logarithm of its probability given the source."""

    text: str
    score: float


class Translator:
    """Translates lists of texts with a function of string tensors.

    Args:
        serve: maps a string tensor `(batch,)` to a dictionary of `text` and `score`, such as
            `TextToText.translate` or a SavedModel's signature.

    Example:
        >>> Translator(tf.function(text_to_text.translate)).translate(["Ein Hund schläft."])
        [Translation(text='A dog is sleeping.', score=-0.31)]
    """

    def __init__(self, serve):
        self._serve = serve

    @classmethod
    def of(cls, text_to_text):
        """A translator that runs a `TextToText` as one compiled graph."""
        signature = [tf.TensorSpec([None], tf.string)]
        # AutoGraph rewrites Python's `if` and `while` over tensors. There are none here, nor in any
        # other graph of this package, and looking for them takes seconds.
        return cls(tf.function(text_to_text.translate, input_signature=signature, autograph=False))

    def translate(self, texts, batch_size=64):
        """Translates texts.

        Args:
            texts: a list of strings.
            batch_size: how many are translated at once; texts of similar length share a batch.

        Returns:
            One `Translation` a text, in the order of `texts`.
        """
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        translations = [None] * len(texts)
        for first in range(0, len(order), batch_size):
            indices = order[first : first + batch_size]
            answer = self._serve(text=tf.constant([texts[index] for index in indices], tf.string))
            outputs = zip(answer["text"].numpy(), answer["score"].numpy(), strict=True)
            for index, (text, score) in zip(indices, outputs, strict=True):
                translations[index] = Translation(text.decode("utf-8", "replace"), float(score))
        return translations
