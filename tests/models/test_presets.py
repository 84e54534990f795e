import json

import keras
import numpy as np
import pytest

from s2s_keras.errors import InputError
from s2s_keras.models import PRESETS, build_model, build_preset, find_combination, resolve
from s2s_keras.models.combination import TYPES

INPUTS = {
    "source": np.array([[11, 12, 13, 3], [21, 22, 3, 0]], "int32"),
    "target": np.array([[2, 31, 32], [2, 41, 0]], "int32"),
}
SMALL = """
embedding_units = 8
dropout = 0.25

[encoder]
type = "recurrent"
units = 4

[decoder]
type = "recurrent"
units = 6

[attention]
type = "additive"
units = 5

[training]
learning_rate = 1e-3
"""
# The fields without a default, so small that a test can build them.
SIZES = {
    "units": 8,
    "layers": 2,
    "heads": 2,
    "head_units": 3,
    "feed_forward_units": 9,
    "window": 2,
}
TRANSFORMER = {"type": "transformer", "layers": 1, "heads": 2, "feed_forward_units": 9}


def small(**changes):
    """The combination of `SMALL`, with other tables or fields; None leaves one out."""
    combination = {
        "embedding_units": 8,
        "encoder": {"type": "recurrent", "units": 4},
        "decoder": {"type": "recurrent", "units": 8},
        "attention": {"type": "additive", "units": 5},
        **changes,
    }
    return {name: value for name, value in combination.items() if value is not None}


def of_type(part, kind):
    from inspect import signature

    layer, decided = TYPES[part][kind]
    needed = [name for name in signature(layer.__init__).parameters if name in SIZES]
    return {"type": kind, **{name: SIZES[name] for name in needed if name not in decided}}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.mark.parametrize("name", PRESETS)
def test_presets_build_and_save(name, tmp_path):
    model = build_preset(name, 100)
    logits = keras.ops.convert_to_numpy(model(INPUTS))
    assert logits.shape == (2, 3, 100)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(loaded(INPUTS)), logits)


def test_the_transformers_share_one_table():
    model = build_preset("transformer-tiny", 100)
    assert [each.shape for each in model.weights].count((100, 128)) == 1
    assert model.count_params() == build_preset("transformer-tiny", 101).count_params() - 128
    assert len(model.encoder.blocks) == len(model.decoder.blocks) == 4


@pytest.mark.parametrize("kind", TYPES["encoder"])
def test_every_type_of_encoder(kind):
    model = build_model(resolve(small(encoder=of_type("encoder", kind)), "x"), 50)
    assert isinstance(model.encoder, TYPES["encoder"][kind][0])
    assert model(INPUTS).shape == (2, 3, 50)


@pytest.mark.parametrize("kind", TYPES["attention"])
def test_every_type_of_attention(kind):
    # Bidirectional, with 4 units: annotations of 8, as many as the decoder has.
    model = build_model(resolve(small(attention=of_type("attention", kind)), "x"), 50)
    attention = model.decoder.attention
    layer, decided = TYPES["attention"][kind]
    assert type(attention) is layer
    assert all(getattr(attention, name) == value for name, value in decided.items())
    assert model(INPUTS).shape == (2, 3, 50)


def test_a_transformer_decoder_reads_any_encoder():
    combination = resolve(small(decoder=TRANSFORMER, attention=None), "x")
    assert build_model(combination, 50)(INPUTS).shape == (2, 3, 50)


def test_a_file_gives_a_model(file):
    model = build_preset(str(file), 50)
    assert (model.embedding_units, model.dropout_rate) == (8, 0.25)
    assert (model.encoder.units, model.decoder.units) == (4, 6)


def test_toml_and_json_are_the_same(file, tmp_path):
    combination = find_combination(str(file))
    again = tmp_path / "small.json"
    again.write_text(json.dumps(combination))
    assert find_combination(str(again)) == combination


def test_what_a_file_leaves_to_defaults_is_filled_in(file):
    combination = find_combination(str(file))
    assert combination["tied_softmax"] is True
    assert combination["encoder"]["cell"] == "gru"
    assert combination["training"]["beta_2"] == 0.999
    assert resolve(combination, "again") == combination


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("units = 4", "unit = 4", "unknown field 'unit' in [encoder] of type recurrent: choose"),
        ("units = 4", "", "the field 'units' in [encoder] of type recurrent is missing"),
        ("units = 4", "units = 4.5", "units in [encoder] of type recurrent is 4.5: it must be a"),
        ("units = 4", "units = 0", "is 0: it must be a whole number of 1 or more"),
        ("units = 4", "units = true", "is True: it must be a whole number of 1 or more"),
        ("units = 4", "units = 4\ncell = 7", "is 7: it must be a name in quotes"),
        ("units = 4", 'units = 4\ncell = "tanh"', "unknown cell 'tanh': choose one of gru"),
        ("units = 4", "units = 4\nresidual = 1", "is 1: it must be true or false"),
        ("units = 6", "units = 6\noutput_units = 8", "unknown field 'output_units' in [decoder]"),
        ('"additive"', '"dotted"', "unknown type 'dotted' in [attention]: choose one of fixed"),
        ('type = "additive"', "", "the field 'type' is missing in [attention]: choose one of"),
        ("[attention]", "[attentions]", "unknown field 'attentions': choose from"),
        ("dropout = 0.25", "dropout = 1.0", "dropout is 1.0: it must be a number of at least 0"),
        ("dropout = 0.25", "encoder = 4", "TOML"),
        ("embedding_units = 8", "", "the field 'embedding_units' is missing"),
        ("1e-3", '"high"', "[training]: learning_rate is 'high': it must be a number"),
        ("1e-3", "0", "[training]: learning_rate is 0: it must be above 0"),
        ("1e-3", '1e-3\nschedule = "steps"', "[training]: unknown schedule 'steps': choose one of"),
        ("1e-3", '1e-3\nschedule = "noam"', "learning_rate contradicts the schedule noam"),
        ("1e-3", "1e-3\nwarmup_steps = 0.5", "warmup_steps is 0.5: it must be a whole number"),
        ("1e-3", "1e-3\nlabel_smoothing = 1", "label_smoothing is 1: it must be 0 or more, and"),
        ("1e-3", "1e-3\nrate = 2", "unknown field 'rate' in [training]: choose from schedule"),
        ("[encoder]", "[encoder", "TOML"),
    ],
)
def test_files_that_do_not_do(file, old, new, message):
    assert old in SMALL
    file.write_text(SMALL.replace(old, new))
    with pytest.raises(InputError) as caught:
        find_combination(str(file))
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"encoder": None}, "the table [encoder] is missing"),
        ({"encoder": 4}, "encoder is 4: it must be a table"),
        ({"attention": None}, "[attention] is missing, which a recurrent decoder needs"),
        ({"decoder": TRANSFORMER}, "[attention] contradicts [decoder] of type transformer"),
        ({"attention": {"type": "dot"}, "decoder": {"type": "recurrent", "units": 7}}, "dot"),
        ({"shared_embedding": True, "tied_softmax": False}, "shared_embedding = true contradicts"),
        ({"encoder": {**TRANSFORMER, "heads": 3}}, "heads in [encoder] is 3, which does not"),
        ({"encoder": {**TRANSFORMER, "norm": "mid"}}, "'mid'"),
        ({"embedding_units": 9, "encoder": {**TRANSFORMER, "heads": 3}}, "9 units cannot hold"),
        ({"encoder": {**TRANSFORMER, "positions": "none"}}, "'none'"),
    ],
)
def test_contradictions(changes, message):
    with pytest.raises(InputError) as caught:
        resolve(small(**changes), "small.toml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("small.toml: ")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("gur", "unknown model 'gur': choose one of gru, gru-attention, transformer-tiny"),
        ("no/such.toml", "no/such.toml: cannot be read"),
    ],
)
def test_unknown_models(model, message):
    with pytest.raises(InputError, match=message):
        find_combination(model)


def test_a_16_bit_model_keeps_its_weights_and_logits_in_32():
    combination = resolve(small(), "x")
    model = build_model(combination, 50, "bfloat16")
    assert model.compute_dtype == model.encoder.compute_dtype == "bfloat16"
    assert {each.dtype for each in model.weights} == {"float32"}
    assert keras.backend.standardize_dtype(model(INPUTS).dtype) == "float32"
    assert keras.config.dtype_policy().name == "float32"
    exact = build_model(combination, 50)
    exact.set_weights(model.get_weights())
    difference = np.abs(model(INPUTS) - exact(INPUTS)).max()
    assert 0 < difference < 0.05


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("decoder", ["recurrent", "transformer"])
def test_a_16_bit_model_reads_token_by_token(precision, decoder):
    parts = {"decoder": TRANSFORMER, "attention": None} if decoder == "transformer" else {}
    model = build_model(resolve(small(**parts), "x"), 50, precision)
    whole = keras.ops.convert_to_numpy(model(INPUTS))
    state = model.start(INPUTS["source"], 1, 3)
    for time in range(3):
        logits, state, _ = model.step(INPUTS["target"][:, time : time + 1], time, state)
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(logits)[:, 0], whole[:, time], atol=0.05
        )


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_a_row_of_padding_is_no_harm_to_a_16_bit_model(precision):
    combination = resolve(small(encoder=TRANSFORMER, decoder=TRANSFORMER, attention=None), "x")
    model = build_model(combination, 50, precision)
    inputs = {"source": np.array([[5, 6, 3], [0, 0, 0]]), "target": np.array([[2, 7], [0, 0]])}
    assert np.isfinite(model(inputs)).all()
