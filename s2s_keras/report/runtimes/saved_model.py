"""A SavedModel in Python, without this package's export and search."""

from s2s_keras.report.runtimes.runtime import Runtime as BaseRuntime


class Runtime(BaseRuntime):
    """A signature of a SavedModel that takes and gives text.

    Args:
        path: the version's folder.
        signature: the signature's name.
    """

    def __init__(self, path, signature):
        self._path, self._name = path, signature
        self._tensorflow = self._model = self._signature = None

    def load(self):
        """Imports TensorFlow and TensorFlow Text, and loads the SavedModel."""
        import tensorflow as tf
        import tensorflow_text  # noqa: F401 (its operators)

        self._tensorflow = tf
        # A signature does not keep alive the object that owns its variables.
        self._model = tf.saved_model.load(self._path)
        self._signature = self._model.signatures[self._name]

    def translate(self, text):
        """Translates a text."""
        answer = self._signature(text=self._tensorflow.constant([text]))
        text, score = answer["text"].numpy()[0], answer["score"].numpy()[0]
        return text.decode("utf-8", "replace"), float(score)
