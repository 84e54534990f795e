"""Runs that several test modules share, trained once, by the real command in its own process."""

import pytest
from commands import command_line, train_arguments

from s2s_keras.corpora import load_corpus, write_pairs


@pytest.fixture(scope="session")
def pairs_file(tmp_path_factory):
    """A TAB-separated file of 120 short pairs."""
    pairs = [pair for pair in load_corpus("grammar", "de", "en").split("test") if len(pair[0]) < 40]
    path = tmp_path_factory.mktemp("corpus") / "pairs.tsv"
    write_pairs(path, pairs[:120])
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory, pairs_file):
    """A run of a few updates."""
    run = tmp_path_factory.mktemp("runs") / "short"
    done = command_line(*train_arguments(pairs_file, run, epochs=2))
    assert done.returncode == 0, done.stderr.decode()
    return run


@pytest.fixture(scope="session")
def exported(tmp_path_factory, trained):
    """The exported folder of that run."""
    folder = tmp_path_factory.mktemp("exports") / "short"
    done = command_line("export", trained, "--output", folder)
    assert done.returncode == 0, done.stderr.decode()
    return folder
