"""Real target tokens a second in training, beside peers that are measured in the same run.

`--model gru` compares the attention model with TensorFlow's GRU tutorial, `--model transformer` the
Transformer with PyTorch's, KerasHub's and that of TensorFlow's tutorial.

Run with `python -m benchmarks.training_speed`; see `benchmarks/README.md`.
"""

import argparse
import contextlib
import statistics
import tempfile
from pathlib import Path

from benchmarks.arguments import add_common, default_corpus, positive, run_command
from benchmarks.choice import Peer, choose_peers, packages, say
from benchmarks.multiply_adds import training_multiply_adds_per_token
from benchmarks.processes import PeerProcess, measure_in_turns
from benchmarks.token_file import read_token_file, write_token_file
from s2s_keras.corpora import load_corpus
from s2s_keras.report.environment import describe, environment

# The first of those measured is the ratio's denominator.
PEERS = {
    "gru": {
        "tensorflow-tutorial": Peer("benchmarks.peers.tensorflow_tutorial"),
        "gru-attention": Peer("benchmarks.peers.gru_attention"),
    },
    "transformer": {
        "pytorch": Peer("benchmarks.peers.pytorch_transformer", "torch"),
        "transformer": Peer("benchmarks.peers.transformer"),
        "keras-hub": Peer("benchmarks.peers.keras_hub_training", "keras_hub"),
        "tensorflow-transformer-tutorial": Peer("benchmarks.peers.tensorflow_transformer_tutorial"),
    },
}
MATRIX_PRODUCTS = "matrix products"


def model_sizes(model, units=None):
    """The sizes of all peers, arguments of their constructors."""
    if model == "gru":
        return {"units": units or 256}
    units = units or 128
    return {"units": units, "layers": 4, "heads": 8, "feed_forward_units": 4 * units}


def run(
    model="gru",
    peers=None,
    corpus="multi30k",
    rounds=5,
    steps=60,
    warmup=30,
    units=None,
    vocab_size=8000,
    sentences=64,
):
    """Measures all peers.

    Args:
        model: `gru` or `transformer`.
        peers: names separated by commas; all that are installed unless given.
        corpus: a corpus's name; its German-English training pairs.
        rounds: how often each peer is measured.
        steps: updates a measurement.
        warmup: updates before a peer's first measurement, in which its graph is traced.
        units: size of embeddings and states.
        vocab_size: number of ids asked for.
        sentences: pairs a batch; for batches by length, in the mean.

    Returns:
        The results, a dictionary such as goes into the JSON file.
    """
    peers = choose_peers(PEERS[model], peers)
    facts = environment(["tensorflow", "keras", *packages(peers)])
    pairs = load_corpus(corpus, "de", "en").split("train")
    with tempfile.TemporaryDirectory() as folder:
        tokens = str(Path(folder, "tokens.npz"))
        settings = {
            "vocabulary_size": write_token_file(tokens, pairs, vocab_size),
            "sentences": sentences,
            "warmup": warmup,
            **model_sizes(model, units),
        }
        abouts, answers = _measure(peers, settings | {"tokens": tokens}, rounds, steps)
        products = answers.pop(MATRIX_PRODUCTS)
        results = {
            "benchmark": "training_speed",
            "model": model,
            "corpus": corpus,
            "pairs": len(pairs),
            **settings,
            "rounds": rounds,
            "steps": steps,
            "environment": facts,
            "peers": summarize(abouts, answers),
        }
        if model == "transformer":
            results["matrix_products"] = limit(products, read_token_file(tokens), settings)
    return results


def _measure(peers, settings, rounds, steps):
    """What each peer says of itself and its answers, by name, the matrix products among them."""
    with contextlib.ExitStack() as stack:
        processes = {}
        for name, peer in peers.items():
            say(f"building {name}")
            processes[name] = stack.enter_context(PeerProcess(peer.module, settings))
        products = PeerProcess("benchmarks.peers.matrix_products", {})
        processes[MATRIX_PRODUCTS] = stack.enter_context(products)
        say(f"measuring {rounds} rounds of {steps} updates")
        answers = measure_in_turns(processes, rounds, steps=steps)
        return {name: processes[name].about for name in peers}, answers


def summarize(abouts, answers):
    """One dictionary a peer, with the rates of its rounds and their ratio to the first peer's.

    Args:
        abouts: each peer's `about`, by name.
        answers: each peer's list of `timed_fit` results, by name.
    """
    medians = {name: statistics.median(_rates(answers[name])) for name in answers}
    baseline = next(iter(medians.values()))
    peers = []
    for name, measured in answers.items():
        rates = _rates(measured)
        tokens = sum(each["tokens"] for each in measured)
        peers.append(
            {
                "peer": name,
                "tokens_per_second": medians[name],
                "min": min(rates),
                "max": max(rates),
                "ratio": medians[name] / baseline,
                **abouts[name],
                "real_share": tokens / sum(each["positions"] for each in measured),
                "rounds": measured,
            }
        )
    return peers


def _rates(measured):
    return [each["tokens"] / each["seconds"] for each in measured]


def limit(products, pairs, settings):
    """The rate that the machine's matrix products allow the Transformer.

    Args:
        products: the answers of `matrix_products`.
        pairs: `TokenPairs`, of which the whole epoch is counted.
        settings: the sizes.
    """
    rates = [each["multiply_adds"] / each["seconds"] for each in products]
    names = ("vocabulary_size", "units", "layers", "feed_forward_units")
    per_token = training_multiply_adds_per_token(pairs, **{name: settings[name] for name in names})
    rate = statistics.median(rates)
    return {
        "multiply_adds_per_second": rate,
        "min": min(rates),
        "max": max(rates),
        "multiply_adds_per_token": per_token,
        "tokens_per_second": rate / per_token,
    }


def table(results):
    """The results as a Markdown table and a line that says what they were measured on."""
    allowed = results.get("matrix_products")
    lines = [
        "| peer | tokens/s, median | min | max | ratio | tokens/update | real | parameters |"
        + (" of products |" if allowed else ""),
        "|---|---:|---:|---:|---:|---:|---:|---:|" + ("---:|" if allowed else ""),
    ]
    for each in results["peers"]:
        updates = results["steps"] * results["rounds"]
        tokens = sum(measured["tokens"] for measured in each["rounds"]) / updates
        share = each["tokens_per_second"] / allowed["tokens_per_second"] if allowed else 0
        lines.append(
            f"| {each['peer']} | {each['tokens_per_second']:,.0f} | {each['min']:,.0f} "
            f"| {each['max']:,.0f} | {each['ratio']:.2f} | {tokens:,.0f} "
            f"| {each['real_share']:.0%} | {each['parameters']:,} |"
            + (f" {share:.0%} |" if allowed else "")
        )
    return "\n".join([*lines, "", *_notes(results)])


def _notes(results):
    allowed = results.get("matrix_products")
    if allowed:
        yield (
            f"matrix products: {2e-9 * allowed['multiply_adds_per_second']:,.0f} GFLOP/s "
            f"({2e-9 * allowed['min']:,.0f} to {2e-9 * allowed['max']:,.0f}), "
            f"{1e-6 * allowed['multiply_adds_per_token']:.2f} million multiply-adds a token: "
            f"at most {allowed['tokens_per_second']:,.0f} tokens/s"
        )
    yield (
        f"{results['corpus']} de-en, {results['pairs']:,} pairs, "
        f"{results['vocabulary_size']:,} ids, {results['units']} units, "
        f"{results['sentences']} sentences a batch; "
        f"{results['rounds']} rounds of {results['steps']} updates"
    )
    yield describe(results["environment"])


def main(arguments=None):
    """The command."""
    parser = argparse.ArgumentParser("benchmarks.training_speed", description=__doc__)
    add_common(parser, rounds=5)
    parser.add_argument("--model", choices=PEERS, default="gru", help="what to train")
    parser.add_argument("--steps", type=positive, default=60, help="updates a measurement")
    parser.add_argument("--warmup", type=positive, default=30, help="updates before the first")
    parser.add_argument("--units", type=positive, help="size of every state")
    parser.add_argument("--vocab-size", type=positive, default=8000, help="ids asked for")
    parser.add_argument("--sentences", type=positive, default=64, help="sentences a batch")
    parser.add_argument("--corpus", help="multi30k, or grammar where that cannot be had")
    options = vars(parser.parse_args(arguments))
    file = options.pop("json")
    options["corpus"] = options["corpus"] or default_corpus()
    return run_command(lambda: run(**options), table, file)


if __name__ == "__main__":
    raise SystemExit(main())
