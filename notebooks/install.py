"""Installs this repository beside the TensorFlow that is there, without changing that TensorFlow.

    python notebooks/install.py

The lessons' first cell runs it in Colab, whose TensorFlow fits Colab's drivers.
"""

import importlib
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def requirements(tensorflow):
    """What pip is asked for, given the version of the TensorFlow that is there.

    TensorFlow Text and Serving's messages must be of TensorFlow's minor version, and pip would
    rather upgrade TensorFlow.
    """
    minor = ".".join(tensorflow.split(".")[:2])
    same_minor = [f"{name}=={minor}.*" for name in ("tensorflow-text", "tensorflow-serving-api")]
    return [f"{REPOSITORY}[serving]", f"tensorflow=={tensorflow}", *same_minor]


def main():
    """Installs, or ends with one line that says why it cannot."""
    try:
        tensorflow = version("tensorflow")
    except PackageNotFoundError:
        sys.exit("There is no TensorFlow here: install TensorFlow 2.20 or 2.21 first.")
    install = [sys.executable, "-m", "pip", "install", "--quiet", *requirements(tensorflow)]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        sys.exit(
            f"s2s_keras does not install beside TensorFlow {tensorflow} without changing it; "
            f"nothing was changed. pip says: {lines[0] if lines else done.stderr.strip()}"
        )
    importlib.invalidate_caches()


if __name__ == "__main__":
    main()
