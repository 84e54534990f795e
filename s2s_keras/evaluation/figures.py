"""Figures of what a model attends to, of its training, and of its scores by length."""

import contextlib
import functools
import io
import warnings

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from matplotlib.ticker import MaxNLocator

from s2s_keras.evaluation.pieces import SPACE, as_text

# The palette of Okabe & Ito (2008), whose colours every kind of colour vision tells apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vPX"
# Tried in this order for characters that matplotlib's own font lacks, where they are installed.
_FONTS = ("Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic", "Microsoft YaHei", "Arial Unicode MS")
_OPEN_BOX = "\u2423"


class _OwnFigure(Figure):
    """A figure that a notebook shows without pyplot.

    For a character that no font has it draws a box, without a warning.
    """

    def _repr_png_(self):
        image = io.BytesIO()
        self.savefig(image, format="png", bbox_inches="tight")
        return image.getvalue()

    def draw(self, renderer):
        with _missing_glyphs_ignored():
            return super().draw(renderer)

    def get_tightbbox(self, *args, **kwargs):
        with _missing_glyphs_ignored():
            return super().get_tightbbox(*args, **kwargs)


def attention_figure(weights, source_tokens, target_tokens):
    """Where the decoder looked: a heat map like figure 3 of Bahdanau et al. 2015.

    A space is shown as an open box, an unprintable character by its escape.

    Args:
        weights: `(target, source)`, from 0 to 1.
        source_tokens: one string or bytes a column. Empty ones at the end are padding and left out.
        target_tokens: the same for the rows, drawn from top to bottom.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: if the weights' shape does not fit the tokens, or there are none.
    """
    source, target = _shown(source_tokens), _shown(target_tokens)
    weights = np.asarray(weights)
    if weights.shape != (len(target_tokens), len(source_tokens)):
        raise ValueError(
            f"weights of shape {weights.shape} do not fit {len(target_tokens)} target tokens and "
            f"{len(source_tokens)} source tokens"
        )
    if not source or not target:
        raise ValueError("there are no tokens to show")
    cell = 0.4 if max(len(source), len(target)) <= 12 else 0.25  # Inches.
    width, height = cell * len(source), cell * len(target)
    figure = _OwnFigure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    image = axes.imshow(weights[: len(target), : len(source)], cmap="Blues", vmin=0, vmax=1)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xlabel("source")
    axes.set_ylabel("target")
    text = {"fontsize": 9, "fontfamily": _fonts(), "parse_math": False}
    axes.set_xticks(range(len(source)), source, rotation=90, **text)
    axes.set_yticks(range(len(target)), target, **text)
    axes.tick_params(length=0)
    scale = axes.inset_axes((1 + 0.15 / width, 0, 0.12 / width, min(1, 2 / height)))
    figure.colorbar(image, cax=scale, label="weight", ticks=(0, 0.5, 1))
    _make_room(figure, axes)
    return figure


def training_figure(history):
    """Loss and BLEU, epoch by epoch.

    Args:
        history: a list of dictionaries, one an epoch, of `epoch` and any of `loss`, `val_loss` and
            `val_bleu`. What is missing, None or not finite is left out, and so is an empty panel.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: if no epoch has anything to draw.
    """
    panels = {
        "loss (nats a token)": {"training": "loss", "validation": "val_loss"},
        "validation BLEU": {"validation": "val_bleu"},
    }
    panels = {unit: _curves(history, keys) for unit, keys in panels.items()}
    panels = {unit: curves for unit, curves in panels.items() if curves}
    if not panels:
        raise ValueError("the history has neither a loss nor a BLEU to draw")
    figure = _OwnFigure(figsize=(4.4 * len(panels), 3.2), layout="constrained")
    all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (unit, curves) in zip(all_axes, panels.items(), strict=True):
        styles = {"training": (_COLOURS[1], _MARKERS[1]), "validation": (_COLOURS[0], _MARKERS[0])}
        for name, (epochs, values) in curves.items():
            colour, marker = styles[name]
            axes.plot(epochs, values, color=colour, marker=marker, markersize=3.5, label=name)
        axes.set_xlabel("epoch")
        axes.set_ylabel(unit)
        axes.set_xlim(history[0]["epoch"] - 0.5, history[-1]["epoch"] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        _tidy(axes, (value for _, values in curves.values() for value in values))
        if len(curves) > 1:
            axes.legend(frameon=False)
    return figure


def length_figure(curves):
    """BLEU by source length, one curve a model, above the number of sentences that it rests on.

    Args:
        curves: a dictionary from a model's name to what `bleu_by_length` gave for it, all on the
            same sources.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ValueError: if there is no curve, or if the curves rest on different sentences.
    """
    bins = [
        [(row["first"], row["last"], row["sentences"]) for row in each] for each in curves.values()
    ]
    if not bins or not bins[0]:
        raise ValueError("there is no BLEU to draw")
    if any(each != bins[0] for each in bins):
        raise ValueError("the curves must be of the same sources, in the same bins")
    figure = _OwnFigure(figsize=(max(4.4, 0.6 * len(bins[0]) + 1.4), 4.0), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    places = range(len(bins[0]))
    for index, (name, rows) in enumerate(curves.items()):
        above.plot(
            places,
            [row["bleu"] for row in rows],
            color=_COLOURS[index % len(_COLOURS)],
            marker=_MARKERS[index % len(_MARKERS)],
            markersize=4,
            label=name,
        )
    above.set_ylabel("BLEU")
    above.legend(frameon=False)
    _tidy(above, (row["bleu"] for rows in curves.values() for row in rows))
    counts = [sentences for _, _, sentences in bins[0]]
    bars = below.bar(places, counts, color="0.75")
    below.bar_label(bars, fontsize=8, padding=1)
    below.set_ylim(0, 1.35 * max(counts))
    below.set_yticks([])
    below.spines[["top", "right", "left"]].set_visible(False)
    below.set_ylabel("sentences")
    below.set_xlabel("words in the source")
    below.set_xticks(places, [_range(first, last) for first, last, _ in bins[0]])
    return figure


def _shown(tokens):
    """Tokens as they are written at an axis, without the padding."""
    texts = [as_text(token) for token in tokens]
    while texts and not texts[-1]:
        texts.pop()
    return ["".join(map(_printable, text.replace(SPACE, _OPEN_BOX))) for text in texts]


def _make_room(figure, axes, margin=0.08):
    """Grows a figure that its axes fill, by what is written around them and a margin, in inches."""
    width, height = figure.get_size_inches()
    needed = figure.get_tightbbox()
    full_width, full_height = needed.width + 2 * margin, needed.height + 2 * margin
    figure.set_size_inches(full_width, full_height)
    axes.set_position(
        (
            (margin - needed.x0) / full_width,
            (margin - needed.y0) / full_height,
            width / full_width,
            height / full_height,
        )
    )


def _printable(character):
    return character if character.isprintable() else ascii(character)[1:-1]


def _curves(history, keys):
    """For each name that some epoch has a value of, the epochs and the values."""
    curves = {}
    for name, key in keys.items():
        points = [(row["epoch"], row[key]) for row in history if row.get(key) is not None]
        points = [(epoch, value) for epoch, value in points if np.isfinite(value)]
        if points:
            curves[name] = tuple(zip(*points, strict=True))
    return curves


def _range(first, last):
    if last is None:
        return f"≥ {first}"
    return str(first) if first == last else f"{first}\u2013{last}"


def _tidy(axes, values):
    """Two spines, horizontal lines, and a vertical axis from 0 to a little above the values."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_ylim(0, 1.08 * max(values) or 1)


@functools.cache
def _fonts():
    installed = set(get_font_names())
    return ["DejaVu Sans", *(name for name in _FONTS if name in installed)]


@contextlib.contextmanager
def _missing_glyphs_ignored():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield
