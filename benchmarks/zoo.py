"""Every encoder with every attention that fits it, each trained for the same few minutes.

Each is trained on `grammar` by `s2s-keras train` and scored by `s2s-keras evaluate`. Runs lie in
the output folder, and what is finished there is not run again. With `--joined`, a hierarchical
encoder is compared with a flat one on inputs of ten joined sentences.

Run with `python -m benchmarks.zoo`; see `benchmarks/README.md`.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.arguments import positive, run_command
from benchmarks.choice import say
from benchmarks.combinations import (
    attentions,
    encoders,
    recurrent_decoding,
    transformer_decoding,
)
from s2s_keras.corpora import load_corpus, write_pairs
from s2s_keras.errors import InputError
from s2s_keras.files import write_json
from s2s_keras.models.combination import resolve
from s2s_keras.report.environment import describe, environment

# A schedule that does not depend on how many updates the minutes are enough for.
TRAINING = {"schedule": "inverse-square-root", "learning_rate": 2e-3, "warmup_steps": 400}
# The share of sampled tokens rises over all epochs: so many as no entry comes to the end of.
SAMPLED = ["--scheduled-sampling", "0.5", "--epochs", "8"]
JOINED = 10
# Encoders whose annotations are bounded: others saturate a score that is not scaled.
BOUNDED = ("recurrent", "hierarchical")


def all_entries(width, scheduled_sampling=False):
    """What to train: by name, the combination and further arguments of `train`."""
    entries = {}
    for encoder_name, encoder in encoders(width).items():
        for attention_name, attention in attentions(width).items():
            if attention_name == "dot" and encoder_name not in BOUNDED:
                continue
            name = f"{encoder_name}-{attention_name}"
            combination = recurrent_decoding(encoder, attention, width)
            entries[name] = (combination, [])
            if scheduled_sampling:
                entries[f"{name}-sampled"] = (combination, SAMPLED)
        entries[f"{encoder_name}-transformer"] = (transformer_decoding(encoder, width), [])
    return {name: entry for name, entry in entries.items() if _fits(name, entry[0])}


def joined_entries(width):
    """The comparison on long inputs.

    A recurrent decoder takes as many steps after either encoder, and most of the time; before a
    Transformer decoder, all of whose steps are trained at once, the encoder's own steps show.
    """
    entries = {}
    for name in ("recurrent", "hierarchical"):
        encoder = encoders(width)[name]
        additive = recurrent_decoding(encoder, attentions(width)["additive"], width)
        entries[f"joined-{name}-additive"] = (additive, [])
        entries[f"joined-{name}-transformer"] = (transformer_decoding(encoder, width), [])
    return entries


def _fits(name, combination):
    try:
        resolve({**combination, "training": TRAINING}, name)
    except InputError as error:
        say(f"left out: {error}")
        return False
    return True


def join_pairs(pairs, count=JOINED):
    """Each `count` pairs in a row as one pair."""
    groups = [pairs[first : first + count] for first in range(0, len(pairs) - count + 1, count)]
    return [tuple(" ".join(side) for side in zip(*group, strict=True)) for group in groups]


def write_joined(folder):
    """Writes `grammar` in joined sentences, as files for `train` and for `evaluate`.

    For training each sentence also stands alone: from long pairs only, nobody learns in minutes
    which word goes with which.
    """
    folder.mkdir(parents=True, exist_ok=True)
    corpus = load_corpus("grammar", "de", "en")
    train = corpus.split("train")
    write_pairs(folder / "train.tsv", [*train, *join_pairs(train)])
    write_pairs(folder / "validation.tsv", join_pairs(corpus.split("validation")))
    for side, language in enumerate(("de", "en")):
        lines = "".join(f"{pair[side]}\n" for pair in join_pairs(corpus.split("test")))
        (folder / f"test.{language}").write_text(lines)


def grammar_task():
    """Arguments of `train` for the corpus, and those of `evaluate` by name of the score."""
    return (
        ["--corpus", "grammar", "--batch-tokens", "1024"],
        {split: ["--corpus", "grammar", "--split", split] for split in ("test", "long")},
    )


def joined_task(folder):
    """The same for the files of `write_joined`."""
    train = ["--corpus", folder / "train.tsv", "--validation", folder / "validation.tsv"]
    test = ["--inputs", folder / "test.de", "--references", folder / "test.en"]
    return [*train, "--batch-tokens", "2048"], {"test": test}


def train_and_score(folder, combination, extra, task, minutes):
    """Trains and scores one entry, unless its folder has the result.

    Returns:
        The result, a dictionary: scores, tokens a second, parameters, what it ran on. What failed
        has an `error`.
    """
    result_file = folder / "result.json"
    if result_file.is_file():
        return json.loads(result_file.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    model_file, run = folder / "model.json", folder / "run"
    write_json(model_file, {**combination, "training": TRAINING})
    train, evaluations = task
    facts = environment(["tensorflow", "keras"])
    command = [*train, "--source", "de", "--target", "en", "--model", model_file, "--output", run]
    command += ["--vocab-size", "2000", "--epochs", "1000", "--max-minutes", minutes, "--resume"]
    try:
        log = _s2s_keras("train", *command, *extra)
        result = {"environment": facts, **training_facts(log)}
        for name, how in evaluations.items():
            scores_file = folder / f"{name}.json"
            _s2s_keras("evaluate", run, *how, "--json", scores_file)
            result[name] = json.loads(scores_file.read_text())
            result[name].pop("model", None)  # where it lay says nothing elsewhere
    except subprocess.CalledProcessError as error:
        return {"error": (error.stderr.strip().splitlines() or ["it said nothing"])[-1]}
    write_json(result_file, result)
    return result


def training_facts(log):
    """Parameters and the last tokens a second, from what `train` tells on standard error."""
    parameters = re.findall(r"([\d,]+) weights", log)
    rates = re.findall(r"([\d,]+) tokens/s", log)
    return {
        "parameters": _number(parameters[-1]) if parameters else None,
        "tokens_per_second": _number(rates[-1]) if rates else None,
    }


def _number(text):
    return int(text.replace(",", ""))


def _s2s_keras(*arguments):
    """Runs the command line; gives what it wrote to standard error."""
    command = [sys.executable, "-m", "s2s_keras", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stderr


def table(results):
    """All entries as a Markdown table."""
    lines = [
        "| model | BLEU | BLEU, long | AER | tokens/s | parameters |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, entry in results["entries"].items():
        if "error" in entry:
            lines.append(f"| {name} | {entry['error']} | | | | |")
            continue
        test, long = entry["test"], entry.get("long", {})
        cells = (
            _shown(test.get("bleu"), ".1f"),
            _shown(long.get("bleu"), ".1f"),
            _shown(test.get("aer"), ".3f"),
            _shown(entry["tokens_per_second"], ",d"),
            _shown(entry["parameters"], ",d"),
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(
        [
            *lines,
            "",
            f"grammar de-en, {results['minutes']:g} minutes each, width {results['width']}",
            *machines(results["entries"]),
        ]
    )


def machines(entries):
    """What the entries ran on, a line for each processor: the same minutes do more on a fast one.

    Load and date in a line are those of its first entry.

    Args:
        entries: results by name, as `train_and_score` gives them.
    """
    names = {}
    for name, entry in entries.items():
        if "environment" in entry:
            names.setdefault(entry["environment"]["processor"], []).append(name)
    for one in names.values():
        which = "all others" if one is max(names.values(), key=len) else ", ".join(one)
        ran_on = describe(entries[one[0]]["environment"])
        yield ran_on if len(names) == 1 else f"{ran_on} ({which})"


def _shown(value, form):
    return "" if value is None else format(value, form)


def run(output, minutes=3.0, width=256, scheduled_sampling=False, joined=False, only=None):
    """Trains and scores all entries.

    Args:
        output: the folder for all runs and the results.
        minutes: of training, each.
        width: of embeddings, annotations and states.
        scheduled_sampling: whether to train each recurrent decoder also with scheduled sampling.
        joined: whether to compare on joined sentences, and nothing else.
        only: names of entries, all unless given.

    Raises:
        InputError: for a name that no entry has, or if `output` holds runs of another kind.
    """
    entries = joined_entries(width) if joined else all_entries(width, scheduled_sampling)
    unknown = set(only or ()) - set(entries)
    if unknown:
        raise InputError(f"--only {min(unknown)}: choose from {', '.join(entries)}")
    results_file = output / ("joined.json" if joined else "zoo.json")
    if results_file.is_file():
        before = json.loads(results_file.read_text("utf-8"))
        if (before["minutes"], before["width"]) != (minutes, width):
            raise InputError(
                f"{output}: holds runs of {before['minutes']:g} minutes and width "
                f"{before['width']}: choose another --output"
            )
    if joined and not (output / "joined" / "test.en").is_file():
        write_joined(output / "joined")
    results = {
        "benchmark": "zoo",
        "minutes": minutes,
        "width": width,
        "entries": {},
    }
    for name, (combination, extra) in entries.items():
        if only and name not in only:
            continue
        say(f"{name}: {minutes:g} minutes")
        task = joined_task(output / "joined") if joined else grammar_task()
        results["entries"][name] = train_and_score(output / name, combination, extra, task, minutes)
        write_json(results_file, results)
    return results


def main(arguments=None):
    """The command."""
    parser = argparse.ArgumentParser("benchmarks.zoo", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("runs/zoo"), help="folder")
    parser.add_argument("--minutes", type=float, default=3.0, help="of training, each")
    parser.add_argument("--width", type=positive, default=256, help="of all states")
    parser.add_argument("--scheduled-sampling", action="store_true", help="also with it")
    parser.add_argument("--joined", action="store_true", help="ten sentences as one, and only that")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="A,B", help="entries")
    options = vars(parser.parse_args(arguments))
    return run_command(lambda: run(**options), table)


if __name__ == "__main__":
    raise SystemExit(main())
