"""How every lesson starts."""

import contextlib
import os
import platform
from importlib.metadata import version

from s2s_keras.lessons.figures import use_style
from s2s_keras.machine import cores


def start():
    """Sets the figures' style, and prints the versions and the device that a lesson runs on."""
    use_style()
    # Read when TensorFlow is imported. Some of what it logs as errors is just what it does not use.
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    packages = ("tensorflow", "tensorflow-text", "keras", "s2s_keras")
    versions = [f"{name} {version(name)}" for name in packages]
    print(f"Python {platform.python_version()}", *versions, sep="\n")
    with _without_error_stream():
        device = _device()
    print(device)


def _device():
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return f"{cores()} CPU cores, no GPU"
    names = (tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus)
    return f"GPU: {', '.join(name or 'unnamed' for name in names)}"


@contextlib.contextmanager
def _without_error_stream():
    """Drops what C++ writes to standard error: TensorFlow's first lines, whatever the log level."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
