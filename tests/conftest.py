"""Runs that several test modules share, trained once, by the real command in its own process."""

import sys

import pytest
from commands import command_line, short_pairs, train_arguments


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """One process runs many modules: what one leaves open would be seen by another."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="session")
def pairs_file(tmp_path_factory):
    """A TAB-separated file of 120 short pairs."""
    return short_pairs(tmp_path_factory.mktemp("corpus") / "pairs.tsv", 120)


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
