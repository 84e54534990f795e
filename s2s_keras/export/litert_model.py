"""A `.tflite` file that was exported, read back."""

import numpy as np
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from s2s_keras.errors import InputError
from s2s_keras.export.description import checked_description
from s2s_keras.export.litert_metadata import SIGNATURES, read_files
from s2s_keras.machine import cores
from s2s_keras.search import attended, source_ids, target_text
from s2s_keras.special_ids import BEGIN
from s2s_keras.tokenizer import Tokenizer


class LiteRTModel:
    """Runs a `.tflite` file, text in and text out, with the tokenizer that it carries.

    It is not safe to call from several threads at once.

    Args:
        path: the file.

    Attributes:
        description: what `export` wrote of it, a dictionary.
        tokenizer: its `Tokenizer`.

    Raises:
        InputError: if it is damaged, or no file that `export` wrote.
    """

    def __init__(self, path):
        tokenizer_model, description = read_files(path)
        self._path = path
        self.description = checked_description(description, path)
        self.tokenizer = Tokenizer(tokenizer_model)
        try:
            # It must live as long as its runners.
            self._interpreter = Interpreter(str(path), num_threads=cores())
            self._runners = {
                name: self._interpreter.get_signature_runner(name) for name in SIGNATURES
            }
            for name in ("greedy", "beam"):
                run_once(self._runners[name])
        except (ValueError, RuntimeError) as error:
            raise _failure(f"{path}: this .tflite file is damaged", error) from error

    def run(self, signature, **inputs):
        """The outputs of a signature, arrays by name.

        Raises:
            InputError: if the inputs do not fit: an id that is none, no column, other shapes than
                the state has.
        """
        try:
            return self._runners[signature](**inputs)
        except (ValueError, RuntimeError) as error:
            raise _failure(f"{self._path}: LiteRT cannot run {signature}", error) from error

    def translate(self, text, signature="greedy"):
        """Texts, a string tensor `(batch,)`, to `text` and `score`, each `(batch,)`."""
        answer = self._search(self._source_ids(text), signature)
        text = target_text(answer["tokens"], self.tokenizer)
        return {"text": text, "score": tf.constant(answer["score"])}

    def attend(self, text):
        """`translate`, greedily, and where the model looked; see `TextToText.attend`."""
        source = self._source_ids(text)
        answer = self._search(source, "greedy")
        tokens = answer["tokens"][:, : max(1, (answer["tokens"] != 0).sum(axis=1).max(initial=0))]
        arrays = (source, tokens, answer["score"], self._weights(source, tokens))
        return attended(*map(tf.constant, arrays), self.tokenizer)

    def _source_ids(self, text):
        return source_ids(text, self.tokenizer, self.description["max_length"]).numpy()

    def _search(self, source, signature):
        if not len(source):
            return {"tokens": np.zeros((0, 1), "int32"), "score": np.zeros(0, "float32")}
        return self.run(signature, source=source)

    def _weights(self, source, tokens):
        """Where the decoder looked for each of the `tokens`, `(batch, target, source)`."""
        weights = np.zeros((*tokens.shape, source.shape[1]), "float32")
        if not len(source):
            return weights
        state, token = self.run("encode", source=source), np.full(len(source), BEGIN, "int32")
        for position in range(tokens.shape[1]):
            state = self.run("decode_step", token=token, **state)
            del state["logits"]
            token = tokens[:, position]
            weights[:, position] = state.pop("weights")
        return weights


def decoder_state(data):
    """The tensors of the decoder's state that `encode` gives and `decode_step` takes.

    Args:
        data: the bytes of a `.tflite` file.

    Returns:
        A dictionary from their names to their types and shapes, such as `float32 [1, 1, 136]`, for
        one source of the file's own width.
    """
    interpreter = Interpreter(model_content=data)
    details = interpreter.get_signature_runner("encode").get_output_details()
    return {
        name: f"{np.dtype(each['dtype']).name} {each['shape'].tolist()}"
        for name, each in sorted(details.items())
    }


def run_once(runner):
    """Runs a search of a `.tflite` file for an empty source, before its input is ever resized.

    LiteRT 2.3 may give a wrong answer, once, where an input is resized before its signature has
    run: XNNPACK then looks at fewer positions of a decoder's cache than there are.

    Args:
        runner: a signature's, of an `Interpreter`, with an input `source`.
    """
    runner(source=np.zeros(runner.get_input_details()["source"]["shape"], "int32"))


def _failure(what, error):
    return InputError(f"{what} ({str(error).partition(chr(10))[0]})")
