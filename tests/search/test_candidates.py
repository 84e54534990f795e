import numpy as np
import pytest
from keras import ops

from s2s_keras.search.candidates import NEVER, log_normaliser, logits_of, top_tokens


@pytest.mark.parametrize("vocabulary", [5, 7, 12, 64, 90, 97, 320, 1009])
@pytest.mark.parametrize(("width", "count"), [(1, 1), (1, 2), (4, 8)])
def test_top_tokens_equal_a_full_sort(vocabulary, width, count):
    random = np.random.default_rng(vocabulary)
    logits = random.normal(0, 3, (3, width, vocabulary)).astype("float32")
    logits[:, :, :3] += 5  # would win if they were not barred
    offset = random.normal(0, 3, (3, width)).astype("float32")
    barred = np.array([NEVER, NEVER, NEVER, -2], "float32")
    values, parents, tokens = map(np.asarray, top_tokens(logits, offset, barred, count))

    total = logits + offset[..., None]
    total[:, :, :4] += barred
    total = total.reshape(3, -1)
    order = np.argsort(-total, axis=1)[:, :count]
    real = np.take_along_axis(total, order, 1) > NEVER / 2
    assert real.sum() == 3 * min(count, width * (vocabulary - 3))
    np.testing.assert_allclose(values[real], np.take_along_axis(total, order, 1)[real], atol=1e-5)
    np.testing.assert_array_equal(parents[real], (order // vocabulary)[real])
    np.testing.assert_array_equal(tokens[real], (order % vocabulary)[real])


@pytest.mark.parametrize("vocabulary", [12, 97])
def test_log_normaliser(vocabulary):
    # As large as single precision can take only where they are shifted first.
    logits = np.random.default_rng(0).normal(300, 50, (3, 2, vocabulary)).astype("float32")
    logits[:, :, :3] += 1000  # left out, and must not drown the others
    exact = np.logaddexp.reduce(logits[:, :, 3:].astype("float64"), axis=-1)
    np.testing.assert_allclose(log_normaliser(ops.convert_to_tensor(logits)), exact, rtol=1e-6)


def test_logits_of():
    logits = np.arange(24, dtype="float32").reshape(2, 3, 4)
    picked = logits_of(np.array([[0, 1, 2], [3, 3, 0]], "int32"), logits)
    assert np.asarray(picked).tolist() == [[0, 5, 10], [15, 19, 20]]
