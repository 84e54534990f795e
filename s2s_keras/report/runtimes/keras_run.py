"""A training run: the Keras model in Python."""

from s2s_keras.report.runtimes.runtime import Runtime as BaseRuntime


class Runtime(BaseRuntime):
    """A training run, searched greedily or with a beam.

    Args:
        path: the run's folder.
        beam_size: the width of the beam; 1 is a greedy search.
    """

    def __init__(self, path, beam_size):
        self._path, self._beam_size = path, beam_size
        self._translator = None

    def load(self):
        """Builds the model with its best weights."""
        from s2s_keras.export import load
        from s2s_keras.search import one_best

        self._translator = load(self._path, one_best(self._beam_size)).translator

    def translate(self, text):
        """Translates a text; the first call also traces the graph."""
        [translation] = self._translator.translate([text])
        return tuple(translation)
