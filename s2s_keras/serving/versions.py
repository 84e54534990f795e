"""The loaded versions of a model."""

import threading
from pathlib import Path

from s2s_keras.serving.servable import Servable
from s2s_keras.serving.serving_error import ServingError


class Versions:
    """Loads and unloads versions of a model while requests run.

    A request keeps the version that it began with until it ends: unloading takes a version away
    from later requests alone.

    Args:
        name: the model's name.
        folder: the folder that holds a folder for each version, a path.
    """

    def __init__(self, name, folder):
        self.name = name
        self._folder = Path(folder)
        # Replaced, never changed, so that a request reads one whole state without the lock.
        self._loaded = {}
        self._labels = {}
        self._states = {}
        self._lock = threading.Lock()

    def load(self, version):
        """Loads a version and warms it up; requests see it only then.

        Raises:
            ServingError: if that fails.
        """
        before = self._states.get(version, "END")
        self._set_state(version, "LOADING")
        try:
            servable = Servable(self._folder / str(version))
        except BaseException:
            self._set_state(version, before)  # what was loaded before serves on
            raise
        with self._lock:
            self._loaded = {**self._loaded, version: servable}
        self._set_state(version, "AVAILABLE")

    def unload(self, version):
        """Takes a version away."""
        with self._lock:
            self._loaded = {key: each for key, each in self._loaded.items() if key != version}
        self._set_state(version, "END")

    def set_label(self, label, version):
        """Gives a label to a loaded version.

        Raises:
            ServingError: if it is not loaded.
        """
        with self._lock:
            if version not in self._loaded:
                message = f"Request to assign label to version {version} of model {self.name}, "
                raise ServingError("FAILED_PRECONDITION", f"{message}which is not available")
            self._labels = {**self._labels, label: version}

    def find(self, name, version=None, label=None):
        """The version's number and its `Servable`: the newest unless one is asked for.

        Raises:
            ServingError: if there is none.
        """
        version = self._number(name, version, label)
        loaded = self._loaded if name == self.name else {}
        if version is None and loaded:
            version = max(loaded)
        if version not in loaded:
            request = f"Latest({name})" if version is None else f"Specific({name}, {version})"
            raise ServingError("NOT_FOUND", f"Servable not found for request: {request}")
        return version, loaded[version]

    def states(self, name, version=None, label=None):
        """The state of each version, or of one, a dictionary.

        Raises:
            ServingError: if there is none.
        """
        version = self._number(name, version, label)
        states = self._states if name == self.name else {}
        if version is not None and version not in states:
            message = f"Could not find version {version} of model {name}"
            raise ServingError("NOT_FOUND", message)
        if not states:
            raise ServingError("NOT_FOUND", f"Could not find any versions of model {name}")
        return states if version is None else {version: states[version]}

    def _number(self, name, version, label):
        if label is None:
            return version
        if name != self.name or label not in self._labels:
            message = f"Unrecognized servable version label: {label}"
            raise ServingError("INVALID_ARGUMENT", message)
        return self._labels[label]

    def _set_state(self, version, state):
        with self._lock:
            self._states = {**self._states, version: state}
