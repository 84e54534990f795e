"""Runs the command line in a process of its own, on a corpus of short pairs."""

import os
import subprocess
import sys

from s2s_keras.corpora import load_corpus, write_pairs


def command_line(*arguments, stdin=b"", environment=None, **options):
    """Runs `python -m s2s_keras`, and gives the finished process."""
    # A library that the tests import sets this; a user's shell does not.
    inherited = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-m", "s2s_keras", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env={**inherited, **(environment or {})},
        **options,
    )


def train_arguments(corpus, output, **options):
    """The arguments of a short `train`, as a list."""
    settings = {
        "corpus": corpus,
        "source": "de",
        "target": "en",
        "model": "gru-attention",
        "output": output,
        "vocab-size": 400,
        "batch-tokens": 256,
        **options,
    }
    pairs = ((f"--{name}", str(value)) for name, value in settings.items())
    return ["train", *(word for pair in pairs for word in pair)]


def short_pairs(path, count):
    """Writes a TAB-separated file of short pairs, and gives its path."""
    pairs = [pair for pair in load_corpus("grammar", "de", "en").split("test") if len(pair[0]) < 40]
    write_pairs(path, pairs[:count])
    return path
