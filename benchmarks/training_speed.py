"""Real target tokens a second in training, beside TensorFlow's GRU tutorial.

Run with `python -m benchmarks.training_speed`; see `benchmarks/README.md`.
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.environment import describe, environment
from benchmarks.processes import PeerProcess, measure_in_turns
from benchmarks.token_file import write_token_file
from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.files import write_json

BASELINE = "tensorflow-tutorial"
PEERS = {
    BASELINE: "benchmarks.peers.tensorflow_tutorial",
    "gru-attention": "benchmarks.peers.gru_attention",
}


def run(corpus="multi30k", rounds=5, steps=60, warmup=30, units=256, vocab_size=8000, sentences=64):
    """Measures all peers.

    Args:
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
    facts = environment(["tensorflow", "keras"])
    pairs = load_corpus(corpus, "de", "en").split("train")
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        tokens = str(Path(folder, "tokens.npz"))
        settings = {
            "vocabulary_size": write_token_file(tokens, pairs, vocab_size),
            "units": units,
            "sentences": sentences,
            "warmup": warmup,
        }
        processes = {}
        for name, module in PEERS.items():
            _say(f"building {name}")
            process = PeerProcess(module, settings | {"tokens": tokens})
            processes[name] = stack.enter_context(process)
        _say(f"measuring {rounds} rounds of {steps} updates")
        answers = measure_in_turns(processes, rounds, steps=steps)
        abouts = {name: process.about for name, process in processes.items()}
    return {
        "benchmark": "training_speed",
        "corpus": corpus,
        "pairs": len(pairs),
        **settings,
        "rounds": rounds,
        "steps": steps,
        "environment": facts,
        "peers": summarize(abouts, answers),
    }


def summarize(abouts, answers):
    """One dictionary a peer, with the rates of its rounds and their ratio to the baseline's.

    Args:
        abouts: each peer's `about`, by name.
        answers: each peer's list of `timed_fit` results, by name.
    """
    medians = {name: statistics.median(_rates(answers[name])) for name in answers}
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
                "ratio": medians[name] / medians[BASELINE],
                **abouts[name],
                "real_share": tokens / sum(each["positions"] for each in measured),
                "rounds": measured,
            }
        )
    return peers


def _rates(measured):
    return [each["tokens"] / each["seconds"] for each in measured]


def table(results):
    """The results as a Markdown table and a line that says what they were measured on."""
    lines = [
        "| peer | tokens/s, median | min | max | ratio | tokens/update | real | parameters |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for each in results["peers"]:
        updates = results["steps"] * results["rounds"]
        tokens = sum(measured["tokens"] for measured in each["rounds"]) / updates
        lines.append(
            f"| {each['peer']} | {each['tokens_per_second']:,.0f} | {each['min']:,.0f} "
            f"| {each['max']:,.0f} | {each['ratio']:.2f} | {tokens:,.0f} "
            f"| {each['real_share']:.0%} | {each['parameters']:,} |"
        )
    lines += [
        "",
        f"{results['corpus']} de-en, {results['pairs']:,} pairs, "
        f"{results['vocabulary_size']:,} ids, {results['units']} units, "
        f"{results['sentences']} sentences a batch; "
        f"{results['rounds']} rounds of {results['steps']} updates",
        describe(results["environment"]),
    ]
    return "\n".join(lines)


def main(arguments=None):
    """The command."""
    parser = argparse.ArgumentParser("benchmarks.training_speed", description=__doc__)
    parser.add_argument("--rounds", type=_positive, default=5, help="measurements of each peer")
    parser.add_argument("--steps", type=_positive, default=60, help="updates a measurement")
    parser.add_argument("--warmup", type=_positive, default=30, help="updates before the first")
    parser.add_argument("--units", type=_positive, default=256, help="size of every state")
    parser.add_argument("--vocab-size", type=_positive, default=8000, help="ids asked for")
    parser.add_argument("--sentences", type=_positive, default=64, help="sentences a batch")
    parser.add_argument("--corpus", help="multi30k, or grammar where that cannot be had")
    parser.add_argument("--json", type=Path, help="also write the results to this file")
    options = vars(parser.parse_args(arguments))
    file = options.pop("json")
    options["corpus"] = options["corpus"] or _default_corpus()
    results = run(**options)
    print(table(results))
    if file:
        write_json(file, results)


def _positive(text):
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _default_corpus():
    try:
        load_corpus("multi30k", "de", "en").split("train")
    except InputError as error:
        _say(f"the corpus grammar stands in, so compare nothing with results on multi30k: {error}")
        return "grammar"
    return "multi30k"


def _say(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
