"""Text to subword ids and back."""

import contextlib
import hashlib
import io
import tempfile
from pathlib import Path

import sentencepiece
import tensorflow as tf
import tensorflow_text
from sentencepiece import sentencepiece_model_pb2
from tensorflow_text.python.ops import sentencepiece_tokenizer as text_operators

from s2s_keras.errors import InputError
from s2s_keras.files import write_atomically
from s2s_keras.special_ids import BEGIN, END, PADDING, UNKNOWN

# SentencePiece writes a space as this character, so a real one must be written otherwise: as ESCAPE
# "1", and ESCAPE itself as ESCAPE "0". The rules travel inside the model, so every runtime that
# reads the model applies them.
_SPACE_SYMBOL, _ESCAPE = 0x2581, 0xE000
_RULES = ((f"{_SPACE_SYMBOL:X}", f"{_ESCAPE:X} 31"), (f"{_ESCAPE:X}", f"{_ESCAPE:X} 30"))
# The 256 bytes and the four special pieces, beside which there must be room for something to learn.
_SMALLEST_VOCABULARY = 300


class Tokenizer(tf.Module):
    """A SentencePiece model (Kudo & Richardson 2018): byte-pair encoding with byte fallback.

    Lossless: `detokenize(tokenize(text)) == text` for every valid UTF-8 text, whatever script;
    invalid bytes become U+FFFD. It runs inside the graph, on TF Text, and gives the same ids as the
    `sentencepiece` library on the same model file.

    Ids 0 to 3 are those of `s2s_keras.special_ids`; unknown is never given, since bytes stand in.

    Args:
        model: the bytes of a SentencePiece model file.

    Raises:
        InputError: if `model` is none.
    """

    def __init__(self, model):
        super().__init__(name="tokenizer")
        self.model = model
        self._processor = sentencepiece.SentencePieceProcessor()
        try:
            self._processor.LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise InputError("this is no SentencePiece model") from error
        self._in_graph = tensorflow_text.SentencepieceTokenizer(model, out_type=tf.int32)
        self._in_graph._model_resource = _NamedModel(model)
        self._letter = self._processor.PieceToId("<0x41>")  # "A"

    @classmethod
    def train(cls, texts, vocabulary_size=8000):
        """Learns a vocabulary.

        Args:
            texts: an iterable of strings: for translation, both languages' training texts.
            vocabulary_size: number of ids wanted. A small corpus gives fewer.

        Raises:
            InputError: if the vocabulary is too small for the corpus's characters.
        """
        if vocabulary_size < _SMALLEST_VOCABULARY:
            raise InputError(
                f"a vocabulary of {vocabulary_size} is too small: ask for at least "
                f"{_SMALLEST_VOCABULARY} (256 of them stand for single bytes)"
            )
        model = io.BytesIO()
        with _rule_files() as (escape, unescape):
            try:
                sentencepiece.SentencePieceTrainer.Train(
                    sentence_iterator=iter(texts),
                    model_writer=model,
                    model_type="bpe",
                    vocab_size=vocabulary_size,
                    hard_vocab_limit=False,
                    byte_fallback=True,
                    character_coverage=0.9998,
                    normalization_rule_tsv=escape,
                    denormalization_rule_tsv=unescape,
                    remove_extra_whitespaces=False,
                    max_sentence_length=1_000_000,
                    pad_id=PADDING,
                    unk_id=UNKNOWN,
                    bos_id=BEGIN,
                    eos_id=END,
                    minloglevel=2,
                )
            except RuntimeError as error:
                raise InputError(
                    f"no vocabulary of {vocabulary_size} can be learned from this corpus: "
                    f"{str(error).rpartition('] ')[2] or 'it holds no text'}"
                ) from error
        return cls(_without_file_names(model.getvalue()))

    @property
    def vocabulary_size(self):
        """Number of ids."""
        return self._processor.GetPieceSize()

    def tokenize(self, texts):
        """Ids of texts, without begin and end: a string tensor `(batch,)` to a ragged int32 one."""
        return self._in_graph.tokenize(tf.convert_to_tensor(texts, tf.string))

    def detokenize(self, ids):
        """Texts of ids: int32 `(batch, time)`, dense or ragged, to a string tensor `(batch,)`.

        Padding, begin and end give no text. Bytes that make no valid UTF-8 become U+FFFD.
        """
        if isinstance(ids, tf.RaggedTensor):
            ids = ids.to_tensor(PADDING)
        # TF Text drops a text's leading spaces, so a letter goes first and is taken off again.
        ids = tf.pad(ids, [[0, 0], [1, 0]], constant_values=self._letter)
        return tf.strings.regex_replace(
            self._in_graph.detokenize(ids), r"\AA ?", "", replace_global=False
        )

    def pieces(self, ids):
        """The pieces of a list of ids, as SentencePiece writes them: U+2581 begins a word."""
        return [self._processor.IdToPiece(int(each)) for each in ids]

    def pieces_in_graph(self, ids):
        """As `pieces`, for an id tensor of any shape; padding gives the empty string."""
        return tf.where(ids == PADDING, "", self._in_graph.id_to_string(ids))

    def save(self, path):
        """Writes the SentencePiece model file, whole or not at all."""
        write_atomically(path, self.model)

    @classmethod
    def load(cls, path):
        """A tokenizer from a SentencePiece model file.

        Raises:
            InputError: if there is no such file, or it is none.
        """
        try:
            return cls(Path(path).read_bytes())
        except OSError as error:
            raise InputError(f"{path}: {error.strerror}") from error
        except InputError as error:
            raise InputError(f"{path}: {error}") from error


@contextlib.contextmanager
def _rule_files():
    with tempfile.TemporaryDirectory() as folder:
        escape, unescape = Path(folder, "escape.tsv"), Path(folder, "unescape.tsv")
        escape.write_text("".join(f"{each}\t{escaped}\n" for each, escaped in _RULES))
        unescape.write_text("".join(f"{escaped}\t{each}\n" for each, escaped in _RULES))
        yield str(escape), str(unescape)


def _without_file_names(model):
    """The same model whatever the rule files were called."""
    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    for spec in (proto.normalizer_spec, proto.denormalizer_spec):
        spec.ClearField("normalization_rule_tsv")
    return proto.SerializeToString(deterministic=True)


class _NamedModel(tf.saved_model.experimental.TrackableResource):
    """The model as TF Text's operators read it, for as long as the process lives.

    TF Text's own goes with the cache of operators, which `keras.utils.set_random_seed` empties: a
    tokenizer made before it would fail after it (github.com/tensorflow/text/issues/570). One with a
    name stays. The name follows from the model, so that two of one name hold the same.
    """

    def __init__(self, model):
        super().__init__()
        self._model = model
        _ = self.resource_handle  # made when it is first asked for: never within a graph

    def _create_resource(self):
        return text_operators.gen_sentencepiece_tokenizer.sentencepiece_op(
            model=self._model,
            shared_name=f"sentencepiece_{hashlib.sha256(self._model).hexdigest()}",
        )
