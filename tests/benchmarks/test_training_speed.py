"""The benchmark of training speed, on its real path with tiny sizes. Nothing here is timed."""

import functools
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks import training_speed
from benchmarks.multiply_adds import forward_multiply_adds, training_multiply_adds_per_token
from benchmarks.peers import tensorflow_transformer_tutorial, tensorflow_tutorial, transformer
from benchmarks.timed_fit import count_tokens, timed_fit
from benchmarks.token_file import read_token_file, write_token_file
from benchmarks.training_setup import bucketed_batches
from s2s_keras.pipeline import TokenPairs
from s2s_keras.tokenizer import Tokenizer

VOCABULARY, UNITS = 20, 4


def ids(*rows):
    return [np.array(row, "int32") for row in rows]


# Real target tokens, end token (3) included and begin token (2) not: 2 + 4 + 1 + 3 + 3 = 13.
PAIRS = TokenPairs(
    sources=ids([5, 6, 7, 3], [5, 3], [5, 6, 3], [8, 9, 5, 6, 3], [5, 3]),
    targets=ids([2, 9, 3], [2, 9, 8, 7, 3], [2, 3], [2, 5, 6, 3], [2, 4, 5, 3]),
)


def test_tokens_of_padded_batches():
    def count(sentences, batches):
        dataset = tensorflow_tutorial.padded_batches(PAIRS, sentences, seed=1)
        return count_tokens(dataset.take(batches))

    # All five in one batch, padded to the longest target's four labels.
    assert count(sentences=5, batches=1) == {"tokens": 13, "positions": 20}
    # One a batch: no padding.
    assert count(sentences=1, batches=5) == {"tokens": 13, "positions": 13}
    # After the corpus's end it begins again.
    assert count(sentences=5, batches=3)["tokens"] == 39


def test_tokens_of_bucketed_batches():
    # Widths by the longer side: 4, 4, 4, 6 (five source tokens), 4: in the mean 22 / 5. Two pairs a
    # batch in the mean make 8.8, so 9 padded tokens: two pairs of width 4, or one of width 6. That
    # is three batches an epoch, of 4 * 4 + 6 = 22 positions.
    dataset = bucketed_batches(PAIRS, sentences=2, seed=1)
    sizes = sorted(tuple(labels.shape) for _, labels in dataset.take(3))
    assert sizes == [(1, 6), (2, 4), (2, 4)]
    assert count_tokens(dataset.take(3)) == {"tokens": 13, "positions": 22}


@pytest.mark.parametrize(
    "dataset",
    [
        tensorflow_tutorial.padded_batches(PAIRS, 2, seed=3),
        bucketed_batches(PAIRS, 2, seed=3),
    ],
)
def test_batches_are_the_same_each_time(dataset):
    # Tokens are counted on a second pass over what was trained on.
    first, second = ([labels.numpy() for _, labels in dataset.take(12)] for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_update_before_the_clock_starts_is_not_counted():
    labels = tf.constant([[7, 3, 0], [5, 6, 3]])
    inputs = tf.ones((2, 3, 1))
    batches = [(inputs, labels)] * 2 + [(inputs, tf.constant([[3, 0, 0], [3, 0, 0]]))] * 3
    dataset = tf.data.Dataset.from_generator(
        lambda: iter(batches),
        output_signature=(tf.TensorSpec((2, 3, 1)), tf.TensorSpec((2, 3), tf.int32)),
    )
    model = keras.Sequential([keras.layers.Dense(VOCABULARY)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    result = timed_fit(model, dataset, steps=3)
    assert int(model.optimizer.iterations) == 4
    # The second batch has 5 real tokens, the third and fourth 2 each.
    assert (result["tokens"], result["positions"]) == (9, 18)
    assert result["seconds"] > 0


def test_token_file_keeps_the_ids(tmp_path):
    texts = [("ein Hund", "a dog"), ("", "a"), ("zwei Hunde", "two dogs")]
    size = write_token_file(tmp_path / "tokens.npz", texts, 300)
    pairs = read_token_file(tmp_path / "tokens.npz")
    tokenizer = Tokenizer.train((text for pair in texts for text in pair), 300)
    assert size == tokenizer.vocabulary_size
    assert [row[-1] for row in pairs.sources] == [3, 3, 3]
    assert [(row[0], row[-1]) for row in pairs.targets] == [(2, 3)] * 3
    decoded = [tokenizer.detokenize([row.tolist()]).numpy()[0].decode() for row in pairs.targets]
    assert decoded == ["a dog", "a", "two dogs"]
    assert [len(row) for row in pairs.sources][1] == 1


SIZES = {"units": 8, "layers": 2, "heads": 4, "feed_forward_units": 16}


def test_transformer_tutorial_is_built_as_written():
    model = tensorflow_transformer_tutorial.build_model(VOCABULARY, **SIZES)
    # Each of four heads is as wide as the model.
    attention = 4 * 8 * 4 * 8 + 3 * 4 * 8 + 8
    feed_forward = 2 * 8 * 16 + 16 + 8
    norm = 2 * 8
    encoder = attention + feed_forward + 2 * norm
    decoder = 2 * attention + feed_forward + 3 * norm
    logits = VOCABULARY * 8 + VOCABULARY
    assert model.count_params() == 2 * VOCABULARY * 8 + 2 * (encoder + decoder) + logits


def test_transformers_have_the_same_weights():
    """All but the tutorial's: each attention here, or each of its projections, may have biases."""
    ours = transformer.build_model(VOCABULARY, **SIZES)
    projections = 2 * 4 + 2 * (4 + 4)  # of encoder and decoder layers, each with a bias of 8
    pytest.importorskip("torch", reason="peers are not installed: make peers")
    from benchmarks.peers.pytorch_transformer import TorchModel

    torch_model = TorchModel(VOCABULARY, **SIZES)
    count = sum(each.numel() for each in torch_model.parameters())
    assert count == ours.count_params() + 8 * projections
    pytest.importorskip("keras_hub", reason="peers are not installed: make peers")
    from benchmarks.peers import keras_hub_layers

    hub = keras_hub_layers.build_model(VOCABULARY, **SIZES)
    assert hub.count_params() == ours.count_params() + 8 * projections


def test_padding_does_not_change_pytorchs_transformer():
    torch = pytest.importorskip("torch", reason="peers are not installed: make peers")
    from benchmarks.peers.pytorch_transformer import TorchModel

    torch.manual_seed(1)
    model = TorchModel(VOCABULARY, **SIZES).eval()
    source, target = torch.tensor([[5, 6, 3]]), torch.tensor([[2, 7, 8]])
    wider = torch.nn.functional.pad
    real = torch.tensor([[True, True, True, False]])
    logits = model(source, target, real[:, :3])
    padded = model(wider(source, (0, 2)), wider(target, (0, 1)), real)
    torch.testing.assert_close(padded, logits)
    # A later token changes no earlier logit.
    changed = model(source, torch.tensor([[2, 7, 9]]), real[:, :3])
    torch.testing.assert_close(changed[:2], logits[:2])
    assert not torch.allclose(changed[2], logits[2])


def test_padding_does_not_change_kerashubs_transformer():
    pytest.importorskip("keras_hub", reason="peers are not installed: make peers")
    from benchmarks.peers import keras_hub_layers

    model = keras_hub_layers.build_model(VOCABULARY, **SIZES)
    source = np.array([[5, 6, 3], [5, 3, 0]], "int32")
    target = np.array([[2, 7, 8], [2, 9, 0]], "int32")
    logits = model({"source": source, "target": target}).numpy()
    pad = functools.partial(np.pad, pad_width=((0, 0), (0, 2)))
    padded = model({"source": pad(source), "target": pad(target)}).numpy()
    np.testing.assert_allclose(padded[:, :3][target > 0], logits[target > 0], atol=1e-5)


def test_multiply_adds_by_hand():
    # One pair of two source and three target tokens; d = 2, f = 4, N = 1, V = 5.
    pairs = TokenPairs(sources=ids([5, 3]), targets=ids([2, 6, 7, 3]))
    encoder = 2 * (4 * 4 + 2 * 8 + 2 * 2 * 2)
    keys_and_values = 2 * 2 * 4
    decoder = 3 * (6 * 4 + 2 * 8 + 2 * 3 * 2 + 2 * 2 * 2)
    softmax = 3 * 5 * 2
    sizes = {"vocabulary_size": 5, "units": 2, "layers": 1, "feed_forward_units": 4}
    total = encoder + keys_and_values + decoder + softmax
    assert forward_multiply_adds(pairs, **sizes) == total
    assert training_multiply_adds_per_token(pairs, **sizes) == total  # 3 times, for 3 tokens


def test_limit():
    pairs = TokenPairs(sources=ids([5, 3]), targets=ids([2, 6, 7, 3]))
    sizes = {"vocabulary_size": 5, "units": 2, "layers": 1, "feed_forward_units": 4}
    products = [{"multiply_adds": 100, "seconds": each} for each in (1, 2, 4)]
    found = training_speed.limit(products, pairs, {**sizes, "heads": 1})
    assert (found["min"], found["multiply_adds_per_second"], found["max"]) == (25, 50, 100)
    assert found["tokens_per_second"] == 50 / found["multiply_adds_per_token"]


def test_tutorial_is_built_as_written():
    model = tensorflow_tutorial.build_model(VOCABULARY, UNITS)
    embedding = VOCABULARY * UNITS
    gru = 3 * (2 * UNITS * UNITS + 2 * UNITS)
    attention = 4 * (UNITS * UNITS + UNITS)
    logits = UNITS * VOCABULARY + VOCABULARY
    assert model.count_params() == 2 * embedding + 3 * gru + attention + 2 * UNITS + logits


def test_padding_does_not_change_the_tutorial():
    model = tensorflow_tutorial.build_model(VOCABULARY, UNITS)
    source = np.array([[5, 6, 7, 3], [5, 3, 0, 0]], "int32")
    target = np.array([[2, 9, 8], [2, 7, 0]], "int32")
    logits = model((source, target)).numpy()
    padded = model((np.pad(source, ((0, 0), (0, 3))), np.pad(target, ((0, 0), (0, 2))))).numpy()
    np.testing.assert_allclose(padded[:, :3][target > 0], logits[target > 0], atol=1e-6)
    assert not np.allclose(model((source[::-1].copy(), target)).numpy(), logits, atol=1e-6)


def test_tutorial_loss_and_accuracy():
    labels = np.array([[1.0, 2.0], [1.0, 0.0]], "float32")  # as `fit` gives them
    logits = np.log([[[1, 2, 1], [1, 1, 2]], [[1, 1, 2], [2, 1, 1]]]).astype("float32")
    # Real tokens have probabilities 1/2, 1/2 and 1/4.
    expected = np.log(2 * 2 * 4) / 3
    assert float(tensorflow_tutorial.masked_loss(labels, logits)) == pytest.approx(expected)
    # Two hits of three, and the one at the padding.
    assert float(tensorflow_tutorial.masked_accuracy(labels, logits)) == pytest.approx(1)


def test_summary():
    def measured(tokens, seconds):
        return {"tokens": tokens, "positions": 2 * tokens, "seconds": seconds}

    baseline, other = training_speed.summarize(
        {"tensorflow-tutorial": {"parameters": 5}, "other": {"parameters": 6}},
        {
            "tensorflow-tutorial": [measured(100, 1), measured(100, 2), measured(100, 4)],
            "other": [measured(200, 2), measured(300, 2), measured(600, 2)],
        },
    )
    assert baseline["tokens_per_second"] == 50
    assert (other["min"], other["tokens_per_second"], other["max"]) == (100, 150, 300)
    assert (baseline["ratio"], other["ratio"], other["real_share"]) == (1, 3, 0.5)


@pytest.fixture
def corpus(tmp_path):
    colours = ["rot red", "blau blue", "alt old", "neu new", "klein small"]
    nouns = ["Hund dog", "Ball ball", "Baum tree", "Mann man"]
    lines = []
    for colour, noun in ((c.split(), n.split()) for c in colours for n in nouns):
        lines.append(f"der {noun[0]} ist {colour[0]}\tthe {noun[1]} is {colour[1]}\n")
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(lines))
    return path


def test_command(corpus, tmp_path, capsys):
    file = tmp_path / "results.json"
    command = f"--corpus {corpus} --rounds 2 --steps 2 --warmup 1 --units 4 --vocab-size 300"
    assert not training_speed.main([*command.split(), "--sentences", "4", "--json", str(file)])
    printed = capsys.readouterr().out
    results = json.loads(file.read_text())
    assert [each["peer"] for each in results["peers"]] == ["tensorflow-tutorial", "gru-attention"]
    assert results["peers"][0]["ratio"] == 1
    for each in results["peers"]:
        assert f"| {each['peer']} | " in printed
        assert f"{each['parameters']:,} |" in printed
        assert len(each["rounds"]) == 2
        assert all(0 < measured["tokens"] <= measured["positions"] for measured in each["rounds"])
    assert results["environment"]["versions"]["keras"] in printed
    assert printed == training_speed.table(results) + "\n"


def test_command_with_transformers(corpus, tmp_path, capsys):
    file = tmp_path / "results.json"
    command = f"--model transformer --corpus {corpus} --rounds 1 --steps 1 --warmup 1 --units 8"
    command += " --vocab-size 300 --sentences 4 --peers transformer --json"
    assert not training_speed.main([*command.split(), str(file)])
    printed = capsys.readouterr().out
    results = json.loads(file.read_text())
    assert [each["peer"] for each in results["peers"]] == ["transformer"]
    assert "million multiply-adds a token" in printed
    limit = results["matrix_products"]
    assert limit["tokens_per_second"] > results["peers"][0]["tokens_per_second"]


def test_unknown_peer_is_one_line(capsys):
    assert training_speed.main(["--corpus", "grammar", "--peers", "marian"]) == 2
    assert capsys.readouterr().err.startswith("--peers marian: choose some of tensorflow-tutorial")
