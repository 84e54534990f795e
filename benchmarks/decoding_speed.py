"""Sentences a second in decoding, beside peers that are measured in the same run.

All decode with a Transformer of one size; CTranslate2 with the very weights of ours. Every sentence
gets the same number of tokens, greedily and with a beam, at several batch sizes. Given a trained
run, also with natural stops on a test set.

Run with `python -m benchmarks.decoding_speed`; see `benchmarks/README.md`.
"""

import argparse
import contextlib
import statistics
import tempfile
from pathlib import Path

import keras

from benchmarks.arguments import add_common, default_corpus, numbers, positive, run_command
from benchmarks.choice import Peer, choose_peers, packages, say
from benchmarks.decoding_setup import write_sources
from benchmarks.processes import PeerProcess, measure_in_turns
from benchmarks.training_speed import model_sizes
from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.pipeline import tokenize_pairs
from s2s_keras.report.environment import describe, environment
from s2s_keras.tokenizer import Tokenizer
from s2s_keras.training import Run

_OURS = "benchmarks.peers.s2s_keras_decoding"
_LITERT = "benchmarks.peers.litert_decoding"
_HUB = "benchmarks.peers.keras_hub_decoding"
_CTRANSLATE2 = "benchmarks.peers.ctranslate2_decoding"
# The first of those measured is the ratios' denominator.
PEERS = {
    "ctranslate2": Peer(_CTRANSLATE2, "ctranslate2"),
    "ctranslate2-int8": Peer(_CTRANSLATE2, "ctranslate2"),
    "s2s-keras": Peer(_OURS),
    "s2s-keras-xla": Peer(_OURS),
    "litert": Peer(_LITERT),
    "litert-int8": Peer(_LITERT),
    "keras-hub": Peer(_HUB, "keras_hub"),
    "keras-hub-xla": Peer(_HUB, "keras_hub"),
}
OWN_SETTINGS = {
    "ctranslate2": {"compute_type": "float32"},
    "ctranslate2-int8": {"compute_type": "int8"},
    "s2s-keras": {"compiled": False},
    "s2s-keras-xla": {"compiled": True},
    "litert": {"precision": "float32"},
    "litert-int8": {"precision": "int8"},
    "keras-hub": {"compiled": False},
    "keras-hub-xla": {"compiled": True},
}
TEST_SPLITS = {"multi30k": "test_2016_flickr", "grammar": "test"}


def run(
    model=None,
    peers=None,
    corpus="multi30k",
    rounds=5,
    tokens=40,
    beam_size=4,
    batch_sizes=(1, 32, 128),
    searches=("greedy", "beam"),
    sentences=1000,
    vocab_size=8000,
    units=None,
):
    """Measures all peers.

    Args:
        model: a training run of a Transformer; random weights unless given.
        peers: names separated by commas; all that are installed unless given.
        corpus: a corpus's name, whose sentences are translated, German ones unless the run says
            otherwise.
        rounds: how often each peer is measured.
        tokens: how many each sentence gets.
        beam_size: width of the search `beam`.
        batch_sizes: sentences at once.
        searches: some of `greedy` and `beam`.
        sentences: of the test set, for natural stops.
        vocab_size: number of ids asked for, where the weights are random.
        units: width of the model, where the weights are random.

    Returns:
        The results, a dictionary such as goes into the JSON file.
    """
    peers = choose_peers(PEERS, peers)
    facts = environment(["tensorflow", "keras", *packages(peers)])
    forced = [
        {"search": search, "tokens": tokens, "batch": batch, "sentences": max(32, 2 * batch)}
        for search in searches
        for batch in batch_sizes
    ]
    with tempfile.TemporaryDirectory() as folder:
        say("writing the model for each peer")
        network, tokenizer, languages = _model(model, corpus, vocab_size, units)
        pairs = load_corpus(corpus, *languages).split(TEST_SPLITS[corpus])[:sentences]
        sources = tokenize_pairs(pairs, tokenizer).sources
        write_sources(folder, sources)
        _write_models(network, folder, peers, [tokens, *([None] if model else [])], beam_size)
        settings = {"beam_size": beam_size, **_sizes(network)}
        natural = [
            {"search": search, "tokens": None, "batch": batch, "sentences": len(sources)}
            for search in searches
            for batch in batch_sizes
            if model and batch > 1
        ]
        tasks = _measure(peers, folder, settings, [*forced, *natural], rounds)
    return {
        "benchmark": "decoding_speed",
        "model": str(model) if model else "random weights",
        "corpus": corpus,
        "test_sentences": len(sources),
        **settings,
        "rounds": rounds,
        "environment": facts,
        "tasks": tasks,
    }


def _model(run_folder, corpus, vocab_size, units):
    """The model, its tokenizer, and the languages that it translates from and to."""
    if run_folder:
        trained = Run(run_folder)
        kinds = {trained.combination[part]["type"] for part in ("encoder", "decoder")}
        if kinds != {"transformer"}:
            raise InputError(f"{run_folder}: no Transformer, which is all that the peers have")
        languages = trained.settings.source, trained.settings.target
        return trained.model(), trained.tokenizer(), languages
    from benchmarks.peers.transformer import build_model

    keras.utils.set_random_seed(0)
    pairs = load_corpus(corpus, "de", "en").split("train")
    tokenizer = Tokenizer.train((text for pair in pairs for text in pair), vocab_size)
    sizes = model_sizes("transformer", units)
    return build_model(tokenizer.vocabulary_size, **sizes), tokenizer, ("de", "en")


def _sizes(model):
    """The sizes that a peer with weights of its own needs."""
    stack = model.encoder.config
    return {
        "vocabulary_size": model.vocabulary_size,
        "units": model.embedding_units,
        **{name: stack[name] for name in ("layers", "heads", "feed_forward_units")},
    }


def _write_models(model, folder, peers, lengths, beam_size):
    modules = {peer.module for peer in peers.values()}
    if _OURS in modules:
        from benchmarks.peers.s2s_keras_decoding import write_signatures

        write_signatures(model, folder, lengths, beam_size)
    if _LITERT in modules:
        from benchmarks.peers.litert_decoding import write_files

        write_files(model, folder, lengths, beam_size)
    if _CTRANSLATE2 in modules:
        from benchmarks.ctranslate2_converter import convert
        from benchmarks.peers.ctranslate2_decoding import MODEL

        convert(model, Path(folder, MODEL))


def _measure(peers, folder, settings, tasks, rounds):
    """The tasks with the results of their peers."""
    with contextlib.ExitStack() as stack:
        processes = {}
        for name, peer in peers.items():
            say(f"loading {name}")
            own = settings | OWN_SETTINGS[name] | {"folder": folder}
            processes[name] = stack.enter_context(PeerProcess(peer.module, own))
        results = []
        for task in tasks:
            say(f"measuring {rounds} rounds: {describe_task(task)}")
            asked = {
                name: process
                for name, process in processes.items()
                if task["tokens"] or process.about["natural"]
            }
            answers = measure_in_turns(asked, rounds, **task)
            results.append(task | {"peers": summarize(answers)})
        return results


def summarize(answers):
    """One dictionary a peer, with its rounds' rates and their ratio to the first peer's."""
    rates = {
        name: [each["sentences"] / each["seconds"] for each in measured]
        for name, measured in answers.items()
    }
    baseline = statistics.median(next(iter(rates.values())))
    return [
        {
            "peer": name,
            "sentences_per_second": statistics.median(each),
            "min": min(each),
            "max": max(each),
            "ratio": statistics.median(each) / baseline,
            "rounds": answers[name],
        }
        for name, each in rates.items()
    ]


def describe_task(task):
    """A task in words."""
    stop = f"{task['tokens']} tokens each" if task["tokens"] else "natural stops"
    return f"{task['search']}, batch {task['batch']}, {stop}"


def table(results):
    """The results as a Markdown table and lines that say what they were measured on."""
    lines = [
        "| search | tokens | batch | peer | sentences/s, median | min | max | ratio | tokens/s |",
        "|---|---|---:|---|---:|---:|---:|---:|---:|",
    ]
    for task in results["tasks"]:
        for each in task["peers"]:
            generated = statistics.median(one["tokens"] / one["seconds"] for one in each["rounds"])
            lines.append(
                f"| {task['search']} | {task['tokens'] or 'natural'} | {task['batch']} "
                f"| {each['peer']}{_threads(each)} | {each['sentences_per_second']:,.1f} "
                f"| {each['min']:,.1f} | {each['max']:,.1f} | {each['ratio']:.2f} "
                f"| {generated:,.0f} |"
            )
    lines += [
        "",
        f"{results['model']}: {results['layers']} + {results['layers']} layers, "
        f"{results['units']} wide, {results['heads']} heads, feed-forward "
        f"{results['feed_forward_units']}, {results['vocabulary_size']:,} ids; beam "
        f"{results['beam_size']}; {results['corpus']}; {results['rounds']} rounds",
        describe(results["environment"]),
    ]
    return "\n".join(lines)


def _threads(peer):
    first = peer["rounds"][0]
    if "inter_threads" not in first:
        return ""
    return f" ({first['inter_threads']} x {first['intra_threads']} threads)"


def main(arguments=None):
    """The command."""
    parser = argparse.ArgumentParser("benchmarks.decoding_speed", description=__doc__)
    add_common(parser, rounds=5)
    parser.add_argument("--model", metavar="RUN", help="a trained Transformer, for natural stops")
    parser.add_argument("--tokens", type=positive, default=40, help="tokens of each sentence")
    parser.add_argument("--beam-size", type=positive, default=4, help="width of the beam")
    parser.add_argument(
        "--batch-sizes", type=numbers, default=(1, 32, 128), metavar="A,B", help="1,32,128"
    )
    parser.add_argument(
        "--searches", type=_searches, default=("greedy", "beam"), metavar="A,B", help="greedy,beam"
    )
    parser.add_argument("--sentences", type=positive, default=1000, help="for natural stops")
    parser.add_argument("--vocab-size", type=positive, default=8000, help="ids of random weights")
    parser.add_argument("--units", type=positive, help="width with random weights, 128")
    parser.add_argument("--corpus", choices=TEST_SPLITS, help="whose sentences to translate")
    options = vars(parser.parse_args(arguments))
    file = options.pop("json")
    options["corpus"] = options["corpus"] or default_corpus()
    return run_command(lambda: run(**options), table, file)


def _searches(text):
    searches = text.split(",")
    if not set(searches) <= {"greedy", "beam"}:
        raise ValueError(text)
    return searches


if __name__ == "__main__":
    raise SystemExit(main())
