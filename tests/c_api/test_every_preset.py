"""Every preset, saved as a SavedModel and called in C: every signature answers as Python does."""

import keras
import numpy as np
import pytest

from s2s_keras.export import write_saved_model
from s2s_keras.models import PRESETS, build_model, find_combination
from s2s_keras.report import c_api_program
from s2s_keras.report.subwords import Subwords
from s2s_keras.search import TextToText, Translator, one_best_beam
from s2s_keras.tokenizer import Tokenizer

pytestmark = pytest.mark.skipif(
    c_api_program.obstacle() is not None, reason=str(c_api_program.obstacle())
)
LENGTH, BEAM = 16, 3
TEXTS = ["Der Hund schläft.", "", "Ein Mann liest, und die Katze sieht ihn an, bevor er geht."]
SIGNATURES = {
    "serving_default": "greedy",
    "serving_fast": "greedy",
    "beam": "beam",
    "beam_fast": "beam",
    "attention": "greedy",
    "tokens": "greedy",
}


@pytest.fixture(scope="module")
def tokenizer_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.model"
    Tokenizer.train(TEXTS * 9, 300).save(path)
    return path


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    return c_api_program.build(tmp_path_factory.mktemp("program"))


def of_two_layers(preset):
    """A preset's combination. Of equal layers two are as good a test as six, and compile sooner."""
    combination = find_combination(preset)
    for part in ("encoder", "decoder"):
        combination[part]["layers"] = min(combination[part]["layers"], 2)
    return combination


@pytest.fixture(scope="module", params=PRESETS)
def model(request, tokenizer_file):
    """A preset that has learned nothing, but is sure of what it says."""
    keras.utils.set_random_seed(1)
    tokenizer = Tokenizer.load(tokenizer_file)
    model = build_model(of_two_layers(request.param), tokenizer.vocabulary_size)
    model.set_weights([2.0 * each for each in model.get_weights()])
    return TextToText(model, tokenizer, LENGTH)


def test_every_signature_in_c(model, tokenizer_file, program, tmp_path):
    saved_model = tmp_path / "1"
    write_saved_model(saved_model, model, BEAM, {})
    expected = {
        "greedy": Translator.of(model).translate(TEXTS),
        "beam": Translator.of(model.searching(one_best_beam(BEAM))).translate(TEXTS),
    }
    assert len({each.text for each in expected["greedy"]}) == len(TEXTS)
    subwords = Subwords(tokenizer_file, LENGTH)
    ids = [" ".join(map(str, subwords.ids(text))) for text in TEXTS]
    attended = model.attend(TEXTS)
    for signature, search in SIGNATURES.items():
        lines = ids if signature == "tokens" else TEXTS
        answers = c_api_program.run_with_scores(program, saved_model, lines, signature=signature)
        texts = [text for text, _ in answers]
        if signature == "tokens":
            texts = [subwords.text(text.split()) for text in texts]
        if signature == "attention":
            texts, looked = zip(*(text.rsplit("\t", 1) for text in texts), strict=True)
            assert list(looked) == alignments(attended)
        assert list(texts) == [each.text for each in expected[search]], signature
        np.testing.assert_allclose(
            [score for _, score in answers],
            [each.score for each in expected[search]],
            rtol=1e-4,
            err_msg=signature,
        )


def alignments(attended):
    """Where each output token looked most, as `translate.c` writes it."""
    weights = attended["weights"].numpy().argmax(axis=-1)
    counts = (attended["output_tokens"].numpy() != b"").sum(axis=1)
    return [
        " ".join(f"{source}-{target}" for target, source in enumerate(row[:count]))
        for row, count in zip(weights, counts, strict=True)
    ]
