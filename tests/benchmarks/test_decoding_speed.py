"""The benchmark of decoding speed, on its real path with tiny sizes. Nothing here is timed."""

import json

import numpy as np
import pytest

from benchmarks import decoding_speed
from benchmarks.decoding_setup import Translations, read_sources, source_batches, write_sources
from s2s_keras.errors import InputError

ROWS = [np.arange(4, 4 + length, dtype="int32") for length in (3, 9, 4, 2, 6, 4)]


def test_natural_batches_are_sorted_by_length():
    batches = source_batches(ROWS, batch=4, sentences=6, tokens=None)
    # Lengths 2, 3, 4, 4 in a batch of width 4, then 6 and 9 in one of width 10.
    assert [each.shape for each in batches] == [(4, 4), (2, 10)]
    assert [np.count_nonzero(row) for each in batches for row in each] == [2, 3, 4, 4, 6, 9]


def test_forced_batches_have_one_shape():
    # Of width 4 there are four rows, which are taken again until there are enough.
    batches = source_batches(ROWS, batch=3, sentences=6, tokens=40)
    assert [each.shape for each in batches] == [(3, 4), (3, 4)]
    assert sorted(np.count_nonzero(row) for each in batches for row in each) == [2, 3, 3, 4, 4, 4]


def test_sources_come_back(tmp_path):
    write_sources(tmp_path, ROWS)
    for row, expected in zip(read_sources(tmp_path), ROWS, strict=True):
        np.testing.assert_array_equal(row, expected)


def test_every_shape_is_seen_before_the_clock_starts(tmp_path):
    write_sources(tmp_path, ROWS)
    seen = []

    def decode(batch, search, tokens):
        seen.append(batch.shape)
        return batch.size

    translations = Translations(tmp_path, np.array, decode)
    task = {"batch": 4, "sentences": 6, "search": "greedy", "tokens": None}
    answer = translations.measure(**task)
    assert seen == [(4, 4), (2, 10)] * 2
    assert (answer["sentences"], answer["tokens"]) == (6, 36)
    translations.measure(**task)
    assert len(seen) == 6  # once more, and no more


def test_summary():
    def measured(sentences, seconds):
        return {"sentences": sentences, "seconds": seconds}

    first, second = decoding_speed.summarize(
        {
            "a": [measured(10, 1), measured(10, 2), measured(10, 4)],
            "b": [measured(10, 0.5), measured(10, 1), measured(10, 2)],
        }
    )
    assert (first["min"], first["sentences_per_second"], first["max"]) == (2.5, 5, 10)
    assert (first["ratio"], second["ratio"]) == (1, 2)


def test_command(tmp_path, capsys):
    pytest.importorskip("ctranslate2", reason="peers are not installed: make peers")
    file = tmp_path / "results.json"
    command = "--corpus grammar --vocab-size 400 --units 8 --tokens 3 --batch-sizes 2 --rounds 2"
    command += " --searches greedy --peers ctranslate2,s2s-keras,litert-int8 --json"
    assert not decoding_speed.main([*command.split(), str(file)])
    printed = capsys.readouterr().out
    results = json.loads(file.read_text())
    (task,) = results["tasks"]
    assert (task["search"], task["tokens"], task["batch"]) == ("greedy", 3, 2)
    for each in task["peers"]:
        # 32 sentences of three tokens each: the end comes third, or not at all.
        assert [(one["sentences"], one["tokens"]) for one in each["rounds"]] == [(32, 96)] * 2
        assert f"| {each['peer']}" in printed
    assert printed == decoding_speed.table(results) + "\n"


def test_a_run_that_no_peer_can_have(trained):
    with pytest.raises(InputError, match="no Transformer, which is all that the peers have"):
        decoding_speed.run(model=trained, peers="s2s-keras", corpus="grammar")


def test_kerashub_decodes_as_many_tokens_as_asked(tmp_path):
    pytest.importorskip("keras_hub", reason="peers are not installed: make peers")
    from benchmarks.peers.keras_hub_decoding import Peer

    write_sources(tmp_path, ROWS)
    sizes = {"vocabulary_size": 30, "units": 8, "layers": 2, "heads": 2, "feed_forward_units": 8}
    peer = Peer(str(tmp_path), compiled=False, beam_size=2, **sizes)
    for search in ("greedy", "beam"):
        answer = peer.measure(number=0, batch=2, sentences=4, search=search, tokens=5)
        assert answer["tokens"] == 20


def test_kerashubs_cache_changes_nothing(tmp_path):
    pytest.importorskip("keras_hub", reason="peers are not installed: make peers")
    from benchmarks.peers.keras_hub_decoding import Peer

    write_sources(tmp_path, ROWS)
    sizes = {"vocabulary_size": 30, "units": 8, "layers": 2, "heads": 2, "feed_forward_units": 8}
    peer = Peer(str(tmp_path), compiled=False, beam_size=2, **sizes)
    for variable in peer.model.trainable_variables:
        noise = np.random.default_rng(1).normal(size=variable.shape, scale=0.5)
        variable.assign(variable + noise.astype("float32"))
    source = source_batches(ROWS, 3, 6, None)[0]
    read = peer._function("greedy", 6)(source).numpy()
    logits = peer.model({"source": source, "target": read[:, :-1]}, training=False).numpy()
    np.testing.assert_array_equal(read[:, 1:], logits.argmax(-1))
