"""A run that is killed and resumed ends with the very weights of one that was not."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from commands import command_line, short_pairs, train_arguments

from s2s_keras.training import Run, Settings, train
from s2s_keras.training.callbacks import Resumable

# The command itself, which here saves several times a second instead of twice a minute.
PROGRAM = """
import sys
from s2s_keras.command_line import main
from s2s_keras.training import callbacks
callbacks.SECONDS_BETWEEN_CHECKPOINTS = 0.3
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return short_pairs(tmp_path_factory.mktemp("corpus") / "pairs.tsv", 250)


def checkpoint(run):
    with np.load(run / "checkpoint.npz") as saved:
        return {name: saved[name] for name in saved.files if name != "state"}


def step(run):
    with np.load(run / "checkpoint.npz") as saved:
        return json.loads(str(saved["state"]))["step"]


def kept_epochs(run):
    return sorted(each.name for each in (run / "epochs").glob("*.npz"))


def start(arguments, log):
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log.open("ab"))


def kill_after_a_new_checkpoint(process, file, updates_more):
    """Kills the process some time after it has saved again."""
    before = file.stat().st_mtime_ns if file.exists() else 0
    deadline = time.monotonic() + 120
    while not file.exists() or file.stat().st_mtime_ns == before:
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline, "saved nothing"
        time.sleep(0.01)
    time.sleep(updates_more)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


EXTRAS = {
    "average": 2,
    "accumulate": 2,
    "scheduled-sampling": 0.5,
    "bpe-dropout": 0.1,
}


@pytest.mark.parametrize("extras", [{"r-drop": 2}, EXTRAS], ids=["r-drop", "extras"])
def test_killed_and_resumed_equals_never_stopped(corpus, tmp_path, extras):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    arguments = train_arguments(corpus, whole, epochs=3, **extras)
    done = command_line(*arguments)
    assert done.returncode == 0, done.stderr.decode()

    arguments = [*train_arguments(corpus, killed, epochs=3, **extras), "--resume"]
    log = tmp_path / "log"
    for updates_more in (0.0, 0.4):
        process = start(arguments, log)
        kill_after_a_new_checkpoint(process, killed / "checkpoint.npz", updates_more)
        assert step(killed) > 0
    (killed / "epochs").mkdir(exist_ok=True)
    (killed / "epochs/.3-0123abcd.tmp.npz").write_bytes(b"what a kill left")
    process = start(arguments, log)
    assert process.wait() == 0, log.read_text()

    assert "goes on from step 0 (epoch 1)" in log.read_text()
    resumed_at = [line for line in log.read_text().splitlines() if "goes on from step" in line]
    assert len(resumed_at) == 3
    assert not list(killed.rglob(".*"))
    expected, found = checkpoint(whole), checkpoint(killed)
    assert expected.keys() == found.keys()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name])
    assert (
        kept_epochs(whole)
        == kept_epochs(killed)
        == (["1.npz", "2.npz"] if "average" in extras else [])
    )
    pairs = zip(Run(whole).model().get_weights(), Run(killed).model().get_weights(), strict=True)
    assert all(np.array_equal(one, two) for one, two in pairs)
    without_time = [
        [{k: v for k, v in entry.items() if k != "minutes"} for entry in Run(run).history]
        for run in (whole, killed)
    ]
    assert without_time[0] == without_time[1]


def test_resuming_a_finished_run_ends_at_once(trained, pairs_file):
    before = (trained / "checkpoint.npz").stat().st_mtime_ns
    done = command_line(*train_arguments(pairs_file, trained, epochs=2), "--resume")
    assert done.returncode == 0
    assert "finished before: all" in done.stderr.decode()
    assert (trained / "checkpoint.npz").stat().st_mtime_ns == before


def test_a_run_stopped_by_the_clock_goes_on_with_more_minutes(corpus, tmp_path):
    run, corpus = tmp_path / "run", shutil.copy(corpus, tmp_path)
    arguments = train_arguments(corpus, run, epochs=2)
    stopped = command_line(*arguments, "--max-minutes", "0.001")
    assert stopped.returncode == 0, stopped.stderr.decode()
    assert "the minutes are over" in stopped.stderr.decode()
    assert Run(run).model_file.exists()
    again = command_line(*arguments, "--max-minutes", "0.001", "--resume")
    assert "finished before: its minutes are over" in again.stderr.decode()
    finished = command_line(*arguments, "--max-minutes", "9", "--resume")
    assert finished.returncode == 0, finished.stderr.decode()
    assert "goes on from step 1 " in finished.stderr.decode()
    assert "updates are done" in finished.stderr.decode()
    assert [entry["epoch"] for entry in Run(run).history] == [1, 2]
    os.remove(corpus)
    again = command_line(*arguments, "--resume")
    assert again.returncode == 0, again.stderr.decode()
    assert "finished before: all" in again.stderr.decode()


def test_stopped_twice_in_the_first_epoch(corpus, tmp_path, monkeypatch):
    """There is nothing of whole epochs to set aside yet."""
    settings = Settings(
        str(corpus), "de", "en", "gru-attention", vocab_size=400, batch_tokens=256, epochs=2
    )
    for step in (2, 4):
        monkeypatch.setattr(Resumable, "_out_of_time", lambda self, at=step: self.state.step == at)
        run = train(settings, tmp_path / "run", resume=True)
        assert [entry["epoch"] for entry in run.history] == [1]
        assert run.model_file.is_file()
        assert not run.whole_epochs_file.exists()


def test_an_epoch_that_the_clock_ended_leaves_no_trace(corpus, tmp_path, monkeypatch):
    """Its model is the run's while it is the best, and is forgotten when the run goes on."""
    how = {"vocab_size": 400, "batch_tokens": 256, "epochs": 3, "monitor": "loss", "patience": 1}
    settings = Settings(str(corpus), "de", "en", "gru-attention", average=2, **how)
    whole = train(settings, tmp_path / "whole")
    over = lambda self: (self.state.epoch, self.state.step) == (1, 5)  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(Resumable, "_out_of_time", over)
        stopped = train(settings, tmp_path / "stopped")
    assert stopped.state.interrupted
    assert [entry["epoch"] for entry in stopped.history] == [1, 2]
    assert stopped.best["epoch"] == 2
    assert len(stopped.state.history) == 1
    train(settings, tmp_path / "stopped", resume=True)
    pairs = zip(whole.model().get_weights(), stopped.model().get_weights(), strict=True)
    assert all(np.array_equal(one, two) for one, two in pairs)
    drop = ("minutes",)
    histories = [
        [{name: value for name, value in entry.items() if name not in drop} for entry in each]
        for each in (whole.history, stopped.history)
    ]
    assert histories[0] == histories[1]
    assert not stopped.whole_epochs_file.exists()
