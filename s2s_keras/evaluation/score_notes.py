"""Scores in words and tables, for a model card."""

import itertools
import statistics

_CURVE_POINTS = 10


def score_notes(scores):
    """What a model is worth on its test sets, in Markdown.

    Args:
        scores: a dictionary as `s2s_keras.training.score_run` gives it.

    Returns:
        Sections on scores, known failures and the learning curve; the empty string if no test set
        was scored.
    """
    if not scores.get("splits"):
        return ""
    return "\n".join(
        [
            *_score_table(scores),
            *_failures(scores),
            *_learning_curve(scores["learning_curve"]),
        ]
    )


def typical_minutes(curve):
    """How long a training takes on a quiet machine: its epochs times the median of an epoch.

    A training's clock runs on while other programs have the processor. They do not move a median.

    Args:
        curve: a learning curve, a list of dictionaries with `minutes`, those since the beginning;
            one at least.

    Returns:
        A float, in minutes.
    """
    minutes = (0, *(row["minutes"] for row in curve))
    return len(curve) * statistics.median(b - a for a, b in itertools.pairwise(minutes))


def _score_table(scores):
    yield from (
        "## Scores",
        "",
        f"Beam size {scores['beam_size']}. Behind ±: half of the 95 % confidence interval, by "
        "sacreBLEU's bootstrap over the test sentences.",
        "",
        "| test set | sentences | BLEU | chrF | BLEU, lower-cased, Moses |",
        "| --- | ---: | ---: | ---: | ---: |",
    )
    for name, split in scores["splits"].items():
        cased, lowercase = split["cased"], split["lowercase_moses"]
        yield (
            f"| {name} | {cased['sentences']:,} | {cased['bleu']:.2f} ± "
            f"{cased['bleu_interval']:.2f} | {cased['chrf']:.2f} | {lowercase['bleu']:.2f} |"
        )
    yield ""
    any_split = next(iter(scores["splits"].values()))
    yield f"BLEU: `{any_split['cased']['signature']}`,"
    yield f"chrF: `{any_split['cased']['chrf_signature']}`,"
    yield f"BLEU, lower-cased, Moses: `{any_split['lowercase_moses']['signature']}`."
    yield "The translations stand in `translations/`, one file a test set, in its order."
    if scores["unavailable"]:
        yield f"Not to be had when this was measured: {', '.join(scores['unavailable'])}."
    yield f"The data's licence: {scores['data_licence']}."
    yield ""


def _failures(scores):
    name, split = next(iter(scores["splits"].items()))
    yield from (
        "## Known failures",
        "",
        f"The translations of {name} that share least with their references (sentence chrF).",
        "",
        "| line | chrF | source | translation | reference |",
        "| ---: | ---: | --- | --- | --- |",
    )
    for row in split["failures"]:
        texts = (row["source"], row["translation"], row["reference"])
        cells = " | ".join(text.replace("|", "\\|") for text in texts)
        yield f"| {row['line']} | {row['chrf']:.1f} | {cells} |"
    yield ""


def _learning_curve(curve):
    """As many epochs as fit a short table, the last among them."""
    stride = -(-len(curve) // _CURVE_POINTS)
    rows = curve[::-1][::stride][::-1]
    yield from (
        "## Learning curve",
        "",
        "| epoch | minutes | validation BLEU, greedy | validation loss |",
        "| ---: | ---: | ---: | ---: |",
    )
    for row in rows:
        yield (
            f"| {row['epoch']} | {row['minutes']:.0f} | {row['val_bleu']:.2f} | "
            f"{row['val_loss']:.3f} |"
        )
    yield ""
    if len(curve) < curve[-1]["epoch"]:  # of a training elsewhere there is the end alone
        return
    minutes = typical_minutes(curve)
    yield f"{len(curve)} epochs at the pace of the median one are {minutes:.0f} minutes. What the"
    yield "clock shows above that, the machine spent on other programs."
    yield ""
