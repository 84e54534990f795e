"""What the measuring of every runtime has in common."""

from s2s_keras.report.memory import peak_memory


class Runtime:
    """A model in a runtime, to be measured in the process that made this object.

    What a runtime needs is imported in `load`, so that its time and its memory count.
    """

    def load(self):
        """Makes the model ready to be called."""
        raise NotImplementedError

    def translate(self, text):
        """A text to its translation and the natural logarithm of its probability."""
        raise NotImplementedError

    def peak_memory(self):
        """The most bytes that the model's process has held, or nothing if that is not known."""
        return peak_memory()

    def versions(self):
        """The versions of programs that Python's packages do not tell, by name."""
        return {}

    def close(self):
        """Ends what `load` has begun."""
