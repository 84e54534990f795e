import json
from dataclasses import replace

import numpy as np
import pytest
from commands import command_line, train_arguments

from s2s_keras.corpora import read_pairs
from s2s_keras.errors import InputError
from s2s_keras.training import Run, Settings, train
from s2s_keras.training.preparation import check


def settings(corpus, **changes):
    values = {"corpus": str(corpus), "source": "de", "target": "en", "model": "gru-attention"}
    return Settings(**{**values, "vocab_size": 400, "batch_tokens": 256, "epochs": 2, **changes})


def test_the_folder_of_a_run(trained):
    files = {each.name for each in trained.iterdir()}
    assert files == {
        "run.json",
        "tokenizer.model",
        "validation.tsv",
        "checkpoint.npz",
        "model.keras",
        "history.json",
        "logs",
    }
    run = Run(trained)
    assert run.settings.epochs == 2
    assert run.tokenizer().vocabulary_size == 400
    assert run.model().vocabulary_size == 400


def test_the_history_has_an_entry_an_epoch(trained):
    history = Run(trained).history
    assert [entry["epoch"] for entry in history] == [1, 2]
    names = {"epoch", "minutes", "loss", "accuracy", "val_loss", "val_accuracy", "val_bleu"}
    assert all(entry.keys() == names for entry in history)
    assert history[1]["loss"] < history[0]["loss"]


def test_the_held_out_part_is_kept_and_shares_nothing_with_the_rest(trained, pairs_file):
    held_out = read_pairs(trained / "validation.tsv")
    pairs = read_pairs(pairs_file)
    assert 0 < len(held_out) < len(pairs) / 5
    assert set(held_out) < set(pairs)
    assert Run(trained).data["pairs"] == len(pairs) - len(held_out)


def test_tensorboard_gets_scalars_and_a_picture(trained):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def tags(folder):
        events = EventAccumulator(str(trained / "logs" / folder), {"tensors": 0, "images": 0})
        events.Reload()
        return events.Tags()["tensors"] + events.Tags()["images"]

    assert "epoch_loss" in tags("train")
    assert "epoch_bleu" in tags("validation")
    assert "attention" in tags("pictures")


def test_what_the_command_says(pairs_file, tmp_path):
    run = tmp_path / "run"
    done = command_line(*train_arguments(pairs_file, run, **{"max-steps": 2}))
    said = done.stderr.decode()
    assert done.returncode == 0, said
    assert json.loads(done.stdout)["best"] == Run(run).best
    assert "tokens/s" in said
    # Nothing is left to complain when Python ends.
    last = said.splitlines()[-1]
    assert last == f"{run}: trained " + last.partition(": trained ")[2]
    assert "GeneratorDataset" not in said


def test_a_vocabulary_that_the_corpus_cannot_carry_is_said_in_one_line(pairs_file, tmp_path):
    small = tmp_path / "small.tsv"
    small.write_text("".join(pairs_file.read_text().splitlines(keepends=True)[:40]))
    done = command_line(
        *train_arguments(small, tmp_path / "run", **{"max-steps": 2, "vocab-size": 8000})
    )
    assert done.returncode == 0, done.stderr.decode()
    lines = [line for line in done.stderr.decode().splitlines() if "cannot carry 8000" in line]
    assert len(lines) == 1
    size = Run(tmp_path / "run").tokenizer().vocabulary_size
    assert lines[0].startswith(f"vocabulary: {size} subwords")


def test_a_validation_file_is_used_whole(pairs_file, tmp_path):
    lines = pairs_file.read_text().splitlines(keepends=True)
    training, validation = tmp_path / "training.tsv", tmp_path / "validation.tsv"
    training.write_text("".join(lines[:40]))
    validation.write_text("".join(lines[40:50]))
    run = train(settings(training, validation=str(validation), max_steps=1), tmp_path / "run")
    assert read_pairs(run.validation_file) == read_pairs(validation)
    assert run.data["pairs"] == 40


def test_the_seed_decides_the_weights(pairs_file, tmp_path):
    def weights(name, seed):
        run = train(settings(pairs_file, max_steps=2, seed=seed), tmp_path / name)
        return run.model().get_weights()

    first, again, other = weights("a", 1), weights("b", 1), weights("c", 2)
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


def test_training_ends_when_nothing_gets_better(pairs_file, tmp_path):
    run = train(
        settings(pairs_file, epochs=30, patience=1, learning_rate=1e-9, monitor="bleu"),
        tmp_path / "run",
    )
    assert len(run.history) == 2


def test_a_folder_that_holds_a_run_is_kept(trained, pairs_file):
    before = {each: each.stat().st_mtime_ns for each in trained.rglob("*")}
    with pytest.raises(InputError, match="holds a run: add --resume"):
        train(settings(pairs_file), trained)
    assert {each: each.stat().st_mtime_ns for each in trained.rglob("*")} == before


def test_a_folder_that_holds_something_else_is_kept(pairs_file, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="is not empty: choose another folder"):
        train(settings(pairs_file), tmp_path)
    with pytest.raises(InputError, match=r"thesis.txt is a file"):
        train(settings(pairs_file), tmp_path / "thesis.txt")


def test_other_settings_are_refused_and_named(trained, pairs_file):
    with pytest.raises(InputError, match=r"epochs 3, not 2; seed 5, not 0"):
        train(settings(pairs_file, seed=5, epochs=3), trained, resume=True)


def test_the_same_layers_from_another_file_are_the_same_model(trained, tmp_path):
    run, file = Run(trained), tmp_path / "same.json"
    file.write_text(json.dumps(run.combination))
    assert check(run, replace(run.settings, model=str(file)), resume=True) == run.combination
    file.write_text(json.dumps({**run.combination, "dropout": 0.5}))
    with pytest.raises(InputError, match=r"model .*same.json, not gru-attention; dropout 0.5"):
        check(run, replace(run.settings, model=str(file)), resume=True)


def test_a_changed_corpus_is_refused(pairs_file, tmp_path):
    corpus = tmp_path / "pairs.tsv"
    corpus.write_text(pairs_file.read_text())
    train(settings(corpus), tmp_path / "run", max_minutes=1e-6)
    corpus.write_text(pairs_file.read_text() + "Neu.\tNew.\n")
    with pytest.raises(InputError, match="has changed since"):
        train(settings(corpus), tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "gpt"}, "unknown model 'gpt': choose one of gru, gru-attention"),
        ({"source": "english"}, "english"),
        ({"epochs": 0}, "epochs is 0: it must be 1 or more"),
        ({"seed": -1}, "seed is -1"),
        ({"monitor": "luck"}, "unknown monitor 'luck': choose bleu or loss"),
        ({"max_length": 2}, "no pair has at most 2 tokens a side"),
        ({"average": 0}, "average is 0: it must be 1 or more"),
        ({"accumulate": 0}, "accumulate is 0: it must be 1 or more"),
        ({"accumulate": 10**6}, "accumulate is 1000000, but the training has .* batches"),
        ({"r_drop": 1.0, "scheduled_sampling": 0.5}, "r_drop compares two passes"),
        ({"scheduled_sampling": 1.5}, "scheduled_sampling is 1.5: it must be between 0 and 1"),
        ({"precision": "int8"}, "unknown precision 'int8': choose float32 or bfloat16 or float16"),
        ({"schedule": "steps"}, "gru-attention: unknown schedule 'steps': choose one of cosine"),
        ({"learning_rate": -1.0}, "gru-attention: learning_rate is -1.0: it must be above 0"),
        ({"schedule": "noam", "learning_rate": 1.0}, "contradicts the schedule noam"),
        ({"warmup_steps": 0}, "gru-attention: warmup_steps is 0: it must be 1 or more"),
        ({"label_smoothing": 1.0}, "gru-attention: label_smoothing is 1.0: it must be 0 or more"),
    ],
)
def test_settings_that_do_not_do(pairs_file, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        train(settings(pairs_file, **changes), tmp_path / "run")
    # The mended command finds nothing that it would refuse.
    assert not (tmp_path / "run").exists()


SMALL = """
embedding_units = 16
encoder = { type = "recurrent", units = 8 }
decoder = { type = "recurrent", units = 8 }
attention = { type = "additive", units = 8 }
training = { schedule = "noam", warmup_steps = 5 }
"""


def test_a_run_keeps_the_combination_of_its_model(pairs_file, tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    chosen = settings(pairs_file, model=str(file), max_steps=1)
    run = train(chosen, tmp_path / "run")
    assert run.combination["encoder"]["units"] == run.model().encoder.units == 8
    assert run.combination["training"]["schedule"] == "noam"

    file.write_text(SMALL.replace("units = 8 }\nattention", "units = 9 }\nattention"))
    with pytest.raises(InputError, match=r"other settings.*: decoder.units 9, not 8$"):
        train(chosen, tmp_path / "run", resume=True)
    file.unlink()
    assert train(chosen, tmp_path / "run", resume=True).model().encoder.units == 8


def test_a_16_bit_run_keeps_a_32_bit_model(pairs_file, tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    chosen = settings(pairs_file, model=str(file), max_steps=2, precision="bfloat16")
    model = train(chosen, tmp_path / "run").model()
    layers = model._flatten_layers()
    assert {each.compute_dtype for each in layers if each.weights} == {"float32"}


def test_what_is_judged_and_kept_is_the_average(pairs_file, tmp_path):
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    chosen = settings(pairs_file, model=str(file), average=2, epochs=2, monitor="loss")
    run = train(chosen, tmp_path / "run")
    kept = []
    for epoch in (0, 1):
        with np.load(run.epochs / f"{epoch}.npz") as saved:
            kept.append([saved[name] for name in saved.files])
    assert run.best["epoch"] == 2
    for one, first, second in zip(run.model().get_weights(), *kept, strict=True):
        np.testing.assert_allclose(one, (first + second) / 2, atol=1e-6)
        if first.size > 1:
            assert not np.array_equal(first, second)


def test_a_run_without_an_epoch_has_no_model(tmp_path, trained):
    (tmp_path / "run.json").write_text((trained / "run.json").read_text())
    with pytest.raises(InputError, match="no epoch of this run has ended yet"):
        Run(tmp_path).model()
    assert Run(tmp_path).best is None


def test_damaged_files_of_a_run(tmp_path, trained):
    run = Run(tmp_path)
    run.description_file.write_bytes((trained / "run.json").read_bytes())
    run.model_file.write_bytes((trained / "model.keras").read_bytes()[:10_000])
    with pytest.raises(InputError, match="no epoch of this run has ended yet"):
        run.model()  # killed between the model and the history
    run.history_file.write_bytes((trained / "history.json").read_bytes())
    with pytest.raises(InputError, match=r"model\.keras: this model is damaged"):
        run.model()
    run.description_file.write_text("{}")
    with pytest.raises(InputError, match=r"run\.json: does not describe a training run"):
        run.settings  # noqa: B018
    run.description_file.write_text("{")
    with pytest.raises(InputError, match=r"run\.json: this file is damaged"):
        run.settings  # noqa: B018


def test_validation_pairs_are_no_longer_than_the_model_reads(trained, pairs_file, tmp_path):
    (tmp_path / "long.tsv").write_text("Hund " * 500 + "\tdog\n")
    with pytest.raises(InputError, match=r"long\.tsv: no validation pair has at most 256 tokens"):
        train(settings(pairs_file, validation=str(tmp_path / "long.tsv")), tmp_path / "run")
    assert not (tmp_path / "run").exists()
