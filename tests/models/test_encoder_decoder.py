import keras
import numpy as np
import pytest
from small_models import DECODERS, ENCODERS, MODELS, UNITS, small_model

from s2s_keras.layers import FeatureEmbedding
from s2s_keras.models import EncoderDecoder, MaskedCrossentropy, TokenAccuracy

INPUTS = {
    "source": np.array([[11, 12, 13, 3], [21, 22, 3, 0]], "int32"),
    "target": np.array([[2, 31, 32], [2, 41, 0]], "int32"),
}
LABELS = np.array([[31, 32, 3], [41, 3, 0]], "int32")


def test_shapes(model):
    logits, weights = model(INPUTS, return_attention_scores=True)
    assert logits.shape == (2, 3, 50)
    assert weights.shape == (2, 3, 4)


@pytest.mark.parametrize("name", ["gru", "gru-attention", "transformer", "stacked-decoder"])
def test_learns_two_pairs_by_heart(name):
    keras.utils.set_random_seed(5)
    model = small_model(name)
    model.dropout.rate = 0.0
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=MaskedCrossentropy(),
        weighted_metrics=[TokenAccuracy()],
    )
    model.fit(INPUTS, LABELS, epochs=150, verbose=0)
    result = model.evaluate(INPUTS, LABELS, verbose=0, return_dict=True)
    assert result["accuracy"] == 1.0
    assert result["loss"] < 0.1


def test_dropout_acts_in_training_only(model):
    calm = [keras.ops.convert_to_numpy(model(INPUTS, training=False)) for _ in range(2)]
    wild = [keras.ops.convert_to_numpy(model(INPUTS, training=True)) for _ in range(2)]
    np.testing.assert_array_equal(*calm)
    assert np.abs(wild[0] - wild[1]).max() > 1e-4


@pytest.mark.parametrize(
    ("name", "tied_softmax"), [*((name, True) for name in MODELS), ("gru", False)]
)
def test_saves_and_loads_in_safe_mode(tmp_path, name, tied_softmax):
    model = small_model(name, tied_softmax)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    assert (loaded.tied_softmax, loaded.dropout_rate) == (tied_softmax, 0.5)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loaded(INPUTS)), keras.ops.convert_to_numpy(model(INPUTS))
    )


def test_a_source_of_features(tmp_path):
    model = EncoderDecoder(
        50,
        UNITS,
        ENCODERS["gru-encoder"](),
        DECODERS["additive"](),
        source_embedding=FeatureEmbedding(3, UNITS),
    )
    source = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("float32")
    source[1, 3:] = 0.0
    logits = np.asarray(model({**INPUTS, "source": source}))
    longer = {**INPUTS, "source": np.pad(source, [(0, 0), (0, 4), (0, 0)])}
    np.testing.assert_allclose(model(longer), logits, atol=1e-5)
    alone = {name: each[1:] for name, each in INPUTS.items()} | {"source": source[1:, :3]}
    np.testing.assert_allclose(model(alone)[0], logits[1], atol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_array_equal(loaded({**INPUTS, "source": source}), logits)
    source[1, 2, 1] += 1
    assert np.abs(np.asarray(model({**INPUTS, "source": source}))[1] - logits[1]).max() > 1e-5


def test_a_tied_softmax_saves_a_table():
    tied, untied = (small_model("gru", tied_softmax=tied) for tied in (True, False))
    assert untied.count_params() - tied.count_params() == 50 * UNITS
