"""Text to ids and back without TensorFlow."""

import re
from pathlib import Path

import sentencepiece

from s2s_keras.special_ids import END


class Subwords:
    """A tokenizer, by the `sentencepiece` library alone: a runtime of token ids needs no more.

    Args:
        path: the SentencePiece model file.
        max_length: the most ids of a source, end id included.
    """

    def __init__(self, path, max_length):
        self._processor = sentencepiece.SentencePieceProcessor()
        self._processor.LoadFromSerializedProto(Path(path).read_bytes())
        self._max_length = max_length

    def ids(self, text):
        """The ids of a source text, a list, the end id last."""
        # As bytes: only ASCII white space is ignored around a text.
        text = text.encode().strip().decode()
        return [*self._processor.EncodeAsIds(text)[: self._max_length - 1], END]

    def text(self, ids):
        """The text of target ids, in which a line break is a space."""
        return re.sub(r"[\r\n]", " ", self._processor.DecodeIds([int(each) for each in ids]))
