"""The models that the repository ships: small enough, ready to use, and what their cards say."""

import json
import os
import pathlib

import pytest

from s2s_keras.corpora import load_corpus, read_lines
from s2s_keras.evaluation import score
from s2s_keras.export import load
from s2s_keras.search import one_best_beam

FOLDER = pathlib.Path(__file__).parents[1] / "saved_models"
MODELS = sorted(path.parent for path in FOLDER.glob("*/1"))
DATA = os.environ.get("S2S_DATA_DIR")
MEGABYTE = 1_000_000
SENTENCES = {"de": "Zwei Hunde spielen im Schnee.", "en": "Two dogs are playing in the snow."}
WORDS = {"de": {"Hunde", "Schnee"}, "en": {"dogs", "snow"}}

each_model = pytest.mark.parametrize("folder", MODELS, ids=lambda path: path.name)


def results_of(folder):
    return json.loads((folder / "results.json").read_text("utf-8"))


def test_they_are_no_burden_for_a_clone():
    sizes = [path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(sizes) <= 55 * MEGABYTE
    assert max(sizes) <= 25 * MEGABYTE


@each_model
@pytest.mark.parametrize("file", ["", "litert/int8.tflite"], ids=["SavedModel", "int8"])
def test_they_translate(folder, file):
    results = results_of(folder)
    (found,) = load(folder / file).translator.translate([SENTENCES[results["source"]]])
    assert WORDS[results["target"]] <= set(found.text.rstrip(".").split())


@each_model
def test_no_machine_left_its_paths(folder):
    for file in ("README.md", "results.json", "1/assets.extra/s2s_keras.json"):
        assert "/root" not in (folder / file).read_text("utf-8")
        assert "/home" not in (folder / file).read_text("utf-8")


@pytest.mark.skipif(not DATA, reason="S2S_DATA_DIR does not say where Multi30k is")
@each_model
def test_their_translations_are_theirs_and_score_what_the_card_says(folder):
    results = results_of(folder)
    pairs = load_corpus("multi30k", results["source"], results["target"]).split("test_2016_flickr")
    sources, references = (list(side) for side in zip(*pairs, strict=True))
    translations = read_lines(folder / "translations" / f"test_2016_flickr.{results['target']}")
    scored = results["evaluation"]["splits"]["test_2016_flickr"]["cased"]
    assert score(translations, references)["bleu"] == pytest.approx(scored["bleu"])
    model = load(folder, one_best_beam(results["beam_size"]))
    found = [each.text for each in model.translator.translate(sources[:50])]
    # Another processor may round a sum otherwise, and break a tie otherwise.
    assert sum(map(str.__eq__, found, translations)) >= 48
