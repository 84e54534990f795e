"""A `.tflite` file in LiteRT, without TensorFlow."""

from s2s_keras.machine import cores
from s2s_keras.report.runtimes.runtime import Runtime as BaseRuntime


class Runtime(BaseRuntime):
    """A search of a `.tflite` file, on as many threads as there are cores.

    Args:
        path: the file.
        signature: `greedy` or `beam`.
        tokenizer: the path of the SentencePiece model.
        max_length: the most tokens of a source, end token included.
    """

    def __init__(self, path, signature, tokenizer, max_length):
        self._path, self._signature = path, signature
        self._tokenizer, self._max_length = tokenizer, max_length
        self._interpreter = self._run = self._subwords = None

    def load(self):
        """Imports LiteRT, and loads the file and the tokenizer."""
        import numpy as np
        from ai_edge_litert.interpreter import Interpreter

        from s2s_keras.report.subwords import Subwords

        self._subwords = Subwords(self._tokenizer, self._max_length)
        self._interpreter = Interpreter(self._path, num_threads=cores())
        self._run = self._interpreter.get_signature_runner(self._signature)
        # See `run_once` of `s2s_keras.export.litert_model`, a module that needs TensorFlow.
        self._run(source=np.zeros(self._run.get_input_details()["source"]["shape"], "int32"))

    def translate(self, text):
        """Translates a text: to ids, by the signature, and back."""
        import numpy as np

        source = np.array([self._subwords.ids(text)], "int32")
        answer = self._run(source=source)
        tokens = answer["tokens"][0]
        return self._subwords.text(tokens[tokens != 0]), float(answer["score"][0])
