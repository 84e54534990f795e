"""The repository's recipes: every setting is named, and no model is larger than it may be."""

import dataclasses
import pathlib
import tomllib

import pytest

from s2s_keras.models import build_preset, find_combination
from s2s_keras.training import Settings, read_recipe

RECIPES = sorted((pathlib.Path(__file__).parents[2] / "recipes").glob("*.toml"))
LARGEST = {
    "en-de-transformer": 2_700_000,
    "en-de-transformer-long": 2_700_000,
    "en-de-transformer-diversified": 2_700_000,
    "de-en-transformer": 2_700_000,
    "de-en-gru-attention": 5_000_000,
    "de-en-gru": 5_000_000,
}
# They are in [model.training], or have no value.
ELSEWHERE = {
    "model",
    "validation",
    "back_translator",
    "forward_translator",
    "max_steps",
    "schedule",
    "learning_rate",
    "warmup_steps",
    "label_smoothing",
}


def test_there_is_one_a_reference_model():
    assert {each.stem for each in RECIPES} == set(LARGEST)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_setting_is_named(path):
    recipe = read_recipe(path)
    named = set(tomllib.loads(path.read_text()))
    settings = {field.name for field in dataclasses.fields(Settings)} - ELSEWHERE
    assert named - {"back_translator", "forward_translator"} == settings | {"beam_size", "model"}
    assert f"{recipe.settings.source}-{recipe.settings.target}" in path.stem
    combination = find_combination(str(path))
    assert recipe.settings.recipe(combination).label_smoothing == 0.1


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_no_model_is_too_large(path):
    model = build_preset(str(path), read_recipe(path).settings.vocab_size)
    assert model.count_params() <= LARGEST[path.stem]
