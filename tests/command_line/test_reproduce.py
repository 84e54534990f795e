"""A recipe is reproduced whatever kills it."""

import json
import os
import signal
import subprocess
import sys

import pytest

from s2s_keras.corpora import load_corpus, read_lines, read_pairs
from s2s_keras.errors import InputError
from s2s_keras.export import load
from s2s_keras.training import Run, read_recipe

RECIPE = """
corpus = "grammar"
source = "de"
target = "en"
vocab_size = 400
seed = 5
epochs = 2
batch_tokens = 256
average = 2
bpe_dropout = 0.1
beam_size = 2

[model]
embedding_units = 16
encoder = { type = "recurrent", units = 8 }
decoder = { type = "recurrent", units = 16 }
attention = { type = "additive", units = 8 }
training = { learning_rate = 1e-3 }
"""

# The command, on a corpus of few sentences. It is killed where a file is about to appear.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from s2s_keras.command_line import main
from s2s_keras.corpora import loading
from s2s_keras.corpora.corpus import Corpus
from s2s_keras.errors import InputError

def few(source, target):
    whole = grammar(source, target)
    pairs = [pair for pair in whole.split("test") if len(pair[0]) < 40]
    parts = {"train": pairs[:80], "validation": pairs[80:90], "test": pairs[90:96],
             "long": whole.split("long")[:4]}
    splits = {name: lambda name=name: list(parts[name]) for name in parts}
    return Corpus("grammar", source, target, {**splits, "lost": lose})

def lose():
    raise InputError("no network")

def replace(old, new):
    if Path(new).name == os.environ.get("DIE_BEFORE"):
        os.kill(os.getpid(), signal.SIGKILL)
    os_replace(old, new)

grammar, loading._LOADERS["grammar"] = loading._LOADERS["grammar"], few
os_replace, os.replace = os.replace, replace
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    file = tmp_path_factory.mktemp("recipes") / "small.toml"
    file.write_text(RECIPE)
    return file


def reproduce(recipe, output, *arguments, die_before=""):
    command = ["reproduce", recipe, "--output", output, *arguments]
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, command)],
        env={**os.environ, "DIE_BEFORE": die_before},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def reproduced(recipe, tmp_path_factory):
    """The folder and the results of a command that was killed at every stage."""
    output = tmp_path_factory.mktemp("reproduced")
    for file in ("history.json", "long.en", "README.md"):
        assert reproduce(recipe, output, die_before=file).returncode == -signal.SIGKILL, file
    done = reproduce(recipe, output)
    assert done.returncode == 0, done.stderr
    return output, json.loads(done.stdout), done.stderr


def test_all_stages_are_done(reproduced):
    output, results, log = reproduced
    assert results["finished"]
    assert results["best"] == Run(output / "run").best
    assert set(results["scores"]) == {"test", "long"}
    assert (output / "export" / "results.json").is_file()
    translator = load(output / "export").translator
    assert [each.score < 0 for each in translator.translate(["Hund"])] == [True]
    assert "finished before" in log  # the training, by an earlier process


def test_what_is_finished_is_not_done_again(reproduced, recipe):
    output, results, _ = reproduced
    before = {file: file.stat().st_mtime_ns for file in output.rglob("*") if file.is_file()}
    done = reproduce(recipe, output)
    assert json.loads(done.stdout) == results
    files = [file for file in output.rglob("*") if file.is_file()]
    assert {file: file.stat().st_mtime_ns for file in files} == before


def test_another_beam_than_the_exports_is_refused(reproduced, tmp_path):
    wider = tmp_path / "small.toml"
    wider.write_text(RECIPE.replace("beam_size = 2", "beam_size = 3"))
    before = (reproduced[0] / "run/scores.json").read_bytes()
    done = reproduce(wider, reproduced[0])
    assert done.returncode == 2
    assert "was exported with beam size 2, not 3: remove it" in done.stderr
    assert (reproduced[0] / "run/scores.json").read_bytes() == before


def test_scores_are_those_of_the_kept_translations(reproduced):
    run = Run(reproduced[0] / "run")
    translations = read_lines(run.translations / "test.en")
    assert len(translations) == 6
    scores = run.scores
    assert scores["beam_size"] == 2
    assert scores["unavailable"] == {"lost": "no network"}
    assert scores["data_licence"] == "Apache-2.0"
    assert [entry["epoch"] for entry in scores["learning_curve"]] == [1, 2]
    test = scores["splits"]["test"]
    assert test["cased"]["sentences"] == 6
    assert "case:lc|" in test["lowercase_moses"]["signature"]
    assert "|pre:moses-en|" in test["lowercase_moses"]["signature"]
    assert {row["translation"] for row in test["failures"]} <= set(translations)
    assert len(test["failures"]) == 5


def test_the_export_says_what_the_scores_are(reproduced):
    folder, scores = reproduced[0] / "export", Run(reproduced[0] / "run").scores
    results = json.loads((folder / "results.json").read_text())
    assert results["evaluation"] == scores | {"unavailable": ["lost"]}
    assert results["settings"]["model"] == "small.toml"
    assert str(reproduced[0].parent) not in (folder / "results.json").read_text()
    card = (folder / "README.md").read_text()
    assert f"{scores['splits']['test']['cased']['bleu']:.2f} ± " in card
    assert "| licence of that data | Apache-2.0 |" in card
    assert "Not to be had when this was measured: lost." in card
    assert "with a beam of 2.\n" in card
    assert "trained on | 80 pairs of `grammar` |" in card
    translations = (folder / "translations" / "test.en").read_bytes()
    assert translations == (reproduced[0] / "run" / "translations" / "test.en").read_bytes()


def test_stopped_by_the_clock_it_scores_nothing_yet(recipe, tmp_path):
    done = reproduce(recipe, tmp_path, "--max-minutes", "0.001")
    assert done.returncode == 0, done.stderr
    assert not json.loads(done.stdout)["finished"]
    assert not (tmp_path / "export").exists()
    assert Run(tmp_path / "run").scores == {}


def test_another_seed_is_another_run(recipe, tmp_path, reproduced):
    assert read_recipe(recipe).settings.seed == 5
    assert read_recipe(recipe, seed=6).settings.seed == 6
    done = reproduce(recipe, reproduced[0], "--seed", "6")
    assert done.returncode == 2
    assert "was begun with other settings, so it cannot go on with these: seed 6" in done.stderr


@pytest.fixture(scope="module")
def other_way(reproduced, tmp_path_factory):
    """A recipe of the other direction, for which the reproduced model translates back."""
    file = tmp_path_factory.mktemp("other_way") / "other-way.toml"
    recipe = RECIPE.replace('"de"', '"?"').replace('"en"', '"de"').replace('"?"', '"en"')
    file.write_text(f'back_translator = "{reproduced[0] / "run"}"' + recipe)
    return file


@pytest.fixture(scope="module")
def same_way(reproduced, tmp_path_factory):
    """A recipe of the same direction, for which the reproduced model, exported, translates."""
    file = tmp_path_factory.mktemp("same_way") / "same-way.toml"
    file.write_text(f'forward_translator = "{reproduced[0] / "export"}"' + RECIPE)
    return file


def test_back_translations_are_further_pairs(reproduced, other_way, tmp_path):
    killed = reproduce(other_way, tmp_path, die_before="back-translations.tsv")
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "run/back-translations.tsv").exists()
    done = reproduce(other_way, tmp_path)
    assert done.returncode == 0, done.stderr
    run = Run(tmp_path / "run")
    pairs = read_pairs(run.back_translations_file)
    assert 60 < len(pairs) <= 80
    assert run.data["pairs"] == 80 + len(pairs)
    german = {each for each, _ in load_corpus("grammar", "de", "en").split("test")}
    assert {target for _, target in pairs} <= german
    model = load(reproduced[0] / "run")
    found = model.translator.translate([target for _, target in pairs])
    assert [" ".join(each.text.split()) for each in found] == [source for source, _ in pairs]
    results = (tmp_path / "export" / "results.json").read_text()
    name = reproduced[0].name
    assert json.loads(results)["settings"]["back_translator"] == name
    card = (tmp_path / "export" / "README.md").read_text()
    assert f"the corpus's, its targets once more behind back-translations by `{name}` |" in card


def test_forward_translations_are_further_pairs(reproduced, same_way, tmp_path):
    killed = reproduce(same_way, tmp_path, die_before="forward-translations.tsv")
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "run/forward-translations.tsv").exists()
    done = reproduce(same_way, tmp_path)
    assert done.returncode == 0, done.stderr
    run = Run(tmp_path / "run")
    pairs = read_pairs(run.forward_translations_file)
    assert 60 < len(pairs) <= 80
    assert run.data["pairs"] == 80 + len(pairs)
    german = {each for each, _ in load_corpus("grammar", "de", "en").split("test")}
    assert {source for source, _ in pairs} <= german
    found = load(reproduced[0] / "export").translator.translate([source for source, _ in pairs])
    assert [" ".join(each.text.split()) for each in found] == [target for _, target in pairs]
    results = (tmp_path / "export" / "results.json").read_text()
    name = reproduced[0].name
    assert json.loads(results)["settings"]["forward_translator"] == name
    card = (tmp_path / "export" / "README.md").read_text()
    assert f"the corpus's, its sources once more before translations by `{name}` |" in card


def test_a_missing_translator_is_noticed_before_the_other_translates(other_way, tmp_path):
    recipe = tmp_path / "both.toml"
    recipe.write_text('forward_translator = "none/export"\n' + other_way.read_text())
    done = reproduce(recipe, tmp_path / "output")
    assert done.returncode == 2
    wanted = "forward_translator cannot be had (none/export: no such file or folder): make"
    assert wanted in done.stderr.splitlines()[-1]
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("name", ["back_translator", "forward_translator"])
def test_a_translator_of_the_wrong_direction(other_way, same_way, tmp_path, name):
    recipe = (same_way if name == "back_translator" else other_way).read_text()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(name + recipe[recipe.index(" ") :])
    done = reproduce(wrong, tmp_path / "output")
    assert done.returncode == 2
    line = done.stderr.splitlines()[-1]
    assert f"{name} must translate from en to de, but " in line
    assert line.endswith(" translates from de to en")
    assert not (tmp_path / "output/run").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("epochs = 2", "epoch = 2"), "unknown field 'epoch': choose from corpus, source"),
        (("epochs = 2", "epochs = 0"), "epochs is 0: it must be 1 or more"),
        (("epochs = 2", 'epochs = "2"'), "epochs is '2': it must be a whole number"),
        (("epochs = 2", "epochs = true"), "epochs is True: it must be a whole number"),
        (("0.1", "1.5"), "bpe_dropout is 1.5: it must be 0 or more, and below 1"),
        (("0.1", '"some"'), "bpe_dropout is 'some': it must be a number"),
        (('source = "de"', "source = 1"), "source is 1: it must be a name in quotes"),
        (('source = "de"\n', ""), "the field 'source' is missing"),
        (("beam_size = 2", ""), "the field 'beam_size' is missing"),
        (("beam_size = 2", "beam_size = 0"), "beam_size is 0: it must be 1 or more"),
        (("[model]", "[layers]"), "the table [model], of the layers, is missing"),
        (("[model]", "model"), "this is no TOML"),
    ],
)
def test_bad_recipes(recipe, tmp_path, change, message):
    file = tmp_path / "bad.toml"
    file.write_text(recipe.read_text().replace(*change))
    with pytest.raises(InputError) as caught:
        read_recipe(file)
    assert str(caught.value).startswith(f"{file}: {message}")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tokens", "tokens.npz", "--report"], "--tokens stops before there is an export"),
        (["--tokens", "tokens.npz", "--max-minutes", "1"], "--max-minutes is for a training here"),
        (
            ["--weights", "weights.npz", "--max-minutes", "1"],
            "--max-minutes is for a training here",
        ),
    ],
)
def test_options_that_contradict_each_other(recipe, tmp_path, arguments, message):
    done = reproduce(recipe, tmp_path / "run", *arguments)
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]
    assert not (tmp_path / "run").exists()


def test_a_recipe_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml: cannot be read \(No such file"):
        read_recipe(tmp_path / "none.toml")
