import keras
import numpy as np
import pytest

from s2s_keras.layers import HierarchicalEncoder
from s2s_keras.layers.cells import CELLS

LENGTHS = [11, 3, 6, 1]
MASK = np.arange(11) < np.array(LENGTHS)[:, None]
INPUTS = np.random.default_rng(0).normal(size=(4, 11, 3)).astype("float32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def build(segment_length=4, **settings):
    keras.utils.set_random_seed(1)
    encoder = HierarchicalEncoder(5, segment_length, **settings)
    encoder.build((None, None, 3))
    return encoder


@pytest.fixture(params=CELLS)
def encoder(request):
    return build(cell=request.param)


def test_shapes(encoder):
    encoded = encoder(INPUTS, mask=MASK)
    assert encoded.annotations.shape == (4, 11, 10)
    assert encoded.state.shape == (4, 5)
    assert encoded.summary.shape == (4, 10)
    assert (encoder.annotation_units, encoder.state_units) == (10, 5)


def test_reads_each_segment_and_then_the_row_of_segments(encoder):
    """The eleven positions of the first row are segments of four, four and three."""
    pieces = [
        encoder.inside(piece, mask=np.ones(piece.shape[:2], bool))
        for piece in (INPUTS[:1, :4], INPUTS[:1, 4:8], INPUTS[:1, 8:])
    ]
    vectors = np.stack([numpy(piece.summary) for piece in pieces], axis=1)
    across = encoder.across(vectors, mask=np.ones((1, 3), bool))
    expected = np.concatenate(
        [
            numpy(piece.annotations)[0] + numpy(across.annotations)[0, index]
            for index, piece in enumerate(pieces)
        ]
    )
    encoded = encoder(INPUTS, mask=MASK)
    np.testing.assert_allclose(numpy(encoded.annotations)[0], expected, atol=1e-6)
    np.testing.assert_allclose(numpy(encoded.state)[0], numpy(across.state)[0], atol=1e-6)
    np.testing.assert_allclose(numpy(encoded.summary)[0], numpy(across.summary)[0], atol=1e-6)


@pytest.mark.parametrize("extra", [0, 1, 2, 9])
def test_padding_changes_nothing(encoder, extra):
    """Neither what stands in it, nor how much of it there is."""
    padded = np.pad(np.where(MASK[..., None], INPUTS, 99.0), [(0, 0), (0, extra), (0, 0)])
    one = encoder(INPUTS, mask=MASK)
    two = encoder(padded.astype("float32"), mask=np.pad(MASK, [(0, 0), (0, extra)]))
    np.testing.assert_allclose(numpy(two.annotations)[:, :11], numpy(one.annotations), atol=1e-6)
    assert not numpy(two.annotations)[:, 11:].any()
    assert not numpy(one.annotations)[~MASK].any()
    for part in ("state", "summary"):
        np.testing.assert_allclose(numpy(getattr(two, part)), numpy(getattr(one, part)), atol=1e-6)


def test_a_row_alone_gives_what_it_gives_in_a_batch(encoder):
    encoded = encoder(INPUTS, mask=MASK)
    for row, length in enumerate(LENGTHS):
        alone = encoder(INPUTS[row : row + 1, :length], mask=MASK[row : row + 1, :length])
        np.testing.assert_allclose(
            numpy(alone.annotations)[0], numpy(encoded.annotations)[row, :length], atol=1e-6
        )
        np.testing.assert_allclose(numpy(alone.state)[0], numpy(encoded.state)[row], atol=1e-6)


def test_every_position_reaches_every_annotation():
    encoder = build()
    other = INPUTS.copy()
    other[0, 10] += 1
    one, two = (numpy(encoder(each, mask=MASK).annotations)[0] for each in (INPUTS, other))
    assert (np.abs(one - two).max(axis=-1) > 1e-6).all()


def test_comes_back_from_its_configuration():
    settings = {"units": 5, "segment_length": 3, "cell": "lstm"}
    again = HierarchicalEncoder.from_config(HierarchicalEncoder(**settings).get_config())
    config = again.get_config()
    assert {name: config[name] for name in settings} == settings
