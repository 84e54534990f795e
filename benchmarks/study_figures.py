"""Figures of the study."""

import matplotlib

from s2s_keras.evaluation import length_figure

matplotlib.use("Agg")

from matplotlib import pyplot

# The palette of Okabe & Ito (2008), whose colours every kind of colour vision tells apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def write_figures(models, folder):
    """Writes the figures of all models, as PNG files.

    Args:
        models: by name, what `benchmarks.study.study_run` gives.
        folder: a `Path`.
    """
    for (corpus, name), sets in _by_set(models).items():
        stem = f"{corpus}-{name}".replace(", ", "-").replace(" ", "-")
        lengths = length_figure({model: each["by_length"] for model, each in sets.items()})
        lengths.savefig(folder / f"{stem}-length.png", dpi=150)
        positions = {model: each["by_position"] for model, each in sets.items()}
        _save(position_figure(positions), folder / f"{stem}-position.png")
    aligned = {name: model["aer"] for name, model in models.items() if "aer" in model}
    if aligned:
        _save(alignment_figure(aligned), folder / "alignment.png")


def position_figure(curves):
    """The share of right words by position, one curve a model.

    Args:
        curves: by model, what `right_by_position` gives.
    """
    figure, axes = pyplot.subplots(figsize=(5, 3.4), layout="constrained")
    for index, (name, rows) in enumerate(curves.items()):
        places = [(row["first"] + row["last"]) / 2 for row in rows]
        shares = [row["right"] for row in rows]
        axes.plot(places, shares, "o-", ms=4, color=_COLOURS[index % len(_COLOURS)], label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="position in the sentence", ylabel="words right")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.9")
    axes.legend(frameon=False)
    return figure


def alignment_figure(rates):
    """Alignment error rates, a bar for each attention and each head.

    Args:
        rates: by model, what `benchmarks.study.error_rates` gives.
    """
    bars = [
        (f"{model}, {name}" if name != "attention" else model, rate, index)
        for index, (model, each) in enumerate(rates.items())
        for name, rate in each.items()
    ][::-1]
    figure, axes = pyplot.subplots(figsize=(6, 0.6 + 0.22 * len(bars)), layout="constrained")
    colours = [_COLOURS[index % len(_COLOURS)] for _, _, index in bars]
    drawn = axes.barh(range(len(bars)), [rate for _, rate, _ in bars], color=colours)
    axes.bar_label(drawn, fmt="%.3f", fontsize=8, padding=2)
    axes.set_yticks(range(len(bars)), [name for name, _, _ in bars], fontsize=8)
    axes.set(xlim=(0, 1.1), xlabel="alignment error rate")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def _by_set(models):
    """By corpus and name of a set, what each model that translated it has."""
    sets = {}
    for model, found in models.items():
        direction = f"{found['corpus']}-{found['source']}-{found['target']}"
        for name, each in found["sets"].items():
            sets.setdefault((direction, name), {})[model] = each
    return sets


def _save(figure, path):
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
