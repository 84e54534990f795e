"""Peers run in processes of their own, in turns."""

import os

import pytest

from benchmarks.processes import PeerError, PeerProcess, measure_in_turns

PEER = """
import os

print("a library that talks")
turns = []

class Peer:
    def __init__(self, name, log):
        self.about = {"name": name, "process": os.getpid()}
        self.log = log

    def measure(self, number, size):
        print("a peer that talks")
        if size < 0:
            raise ValueError("a negative size")
        with open(self.log, "a") as log:
            log.write(f"{self.about['name']}{number} ")
        return {"twice": 2 * size, "process": os.getpid()}
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    (tmp_path / "toy_peer.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return lambda name: PeerProcess("toy_peer", {"name": name, "log": str(tmp_path / "log")})


def test_rounds_interleave_in_both_orders(start, tmp_path):
    with start("a") as first, start("b") as second:
        answers = measure_in_turns({"a": first, "b": second}, rounds=3, size=4)
        processes = {os.getpid(), first.about["process"], second.about["process"]}
    assert (tmp_path / "log").read_text() == "a0 b0 b1 a1 a2 b2 "
    assert len(processes) == 3
    expected = {"twice": 8, "process": first.about["process"]}
    assert answers["a"] == [expected] * 3
    assert [each["process"] for each in answers["b"]] == [second.about["process"]] * 3


def test_a_failing_measurement_says_why(start):
    with start("a") as peer, pytest.raises(PeerError, match="ValueError: a negative size"):
        peer.ask(number=0, size=-1)


def test_a_peer_that_cannot_be_built_says_why():
    with pytest.raises(PeerError, match="No module named 'no_such_peer'"):
        PeerProcess("no_such_peer", {})


def test_an_ended_peer_is_an_error(start):
    with start("a") as peer:
        with pytest.raises(PeerError):
            peer.ask(number=0, size=-1)
        with pytest.raises(PeerError, match="a negative size"):
            peer.ask(number=0, size=1)


def test_closing_ends_the_process(start):
    with start("a") as peer:
        process = peer.about["process"]
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
