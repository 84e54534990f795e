"""What the figures say: labels, places and numbers."""

import io
import itertools
import warnings

import numpy as np
import pytest

from s2s_keras.evaluation import attention_figure, length_figure, training_figure


def drawn(figure):
    """The figure after it was drawn, every warning an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(io.BytesIO(), format="png")
        figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
    return figure


def fits(figure):
    """Whether all that is drawn lies inside the figure."""
    needed, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    return needed.x0 >= 0 and needed.y0 >= 0 and needed.x1 <= width and needed.y1 <= height


def ticks(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def attention(rows, columns):
    return np.random.default_rng(1).dirichlet(np.ones(columns), rows)


SOURCE = ["▁Ein", "▁Hund", ".", "</s>"]
TARGET = ["▁A", "▁dog", "s", ".", "</s>"]


def test_every_token_is_labelled_in_its_place():
    weights = attention(5, 4)
    axes = drawn(attention_figure(weights, SOURCE, TARGET)).axes[0]
    assert ticks(axes.xaxis) == ["␣Ein", "␣Hund", ".", "</s>"]
    assert ticks(axes.yaxis) == ["␣A", "␣dog", "s", ".", "</s>"]
    assert list(axes.get_xticks()) == [0, 1, 2, 3]
    assert list(axes.get_yticks()) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(axes.images[0].get_array(), weights)
    bottom, top = axes.get_ylim()
    assert bottom > top  # The first row is uppermost.
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("source", "target")
    assert axes.images[0].get_clim() == (0, 1)
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {90}


@pytest.mark.parametrize(
    ("length", "other"), [(1, 1), (5, 5), (12, 5), (13, 5), (5, 40), (40, 5), (40, 40)]
)
def test_many_tokens(length, other):
    source = [f"▁Wort{index}" for index in range(length - 1)] + ["▁Geschwindigkeitsbegrenzung"]
    target = [f"▁w{index}" for index in range(other)]
    figure = drawn(attention_figure(attention(other, length), source, target))
    assert fits(figure)
    axes = figure.axes[0]
    assert len(ticks(axes.xaxis)) == length
    labels = sorted(label.get_window_extent().x0 for label in axes.get_xticklabels())
    widths = [label.get_window_extent().width for label in axes.get_xticklabels()]
    assert all(second - first >= max(widths) for first, second in itertools.pairwise(labels))


def test_bytes_and_padding():
    weights = np.zeros((5, 6))
    weights[:3, :4] = attention(3, 4)
    source = [token.encode() for token in [*SOURCE, "", ""]]
    axes = drawn(attention_figure(weights, source, np.array(["▁A", "x", "</s>", "", ""]))).axes[0]
    assert ticks(axes.xaxis) == ["␣Ein", "␣Hund", ".", "</s>"]
    assert ticks(axes.yaxis) == ["␣A", "x", "</s>"]
    np.testing.assert_array_equal(axes.images[0].get_array(), weights[:3, :4])


def test_odd_tokens():
    tokens = ["▁日本語", "😀", "\U00020000", "$x$", "$\\frac$", "<0xE2>", "a\tb\n", "\u00a0", "_^"]
    figure = drawn(attention_figure(attention(9, 9), tokens, tokens))
    assert fits(figure)
    expected = [
        "␣日本語",
        "😀",
        "\U00020000",
        "$x$",
        "$\\frac$",
        "<0xE2>",
        "a\\tb\\n",
        "\\xa0",
        "_^",
    ]
    assert ticks(figure.axes[0].xaxis) == ticks(figure.axes[0].yaxis) == expected
    assert not any(label.get_parse_math() for label in figure.axes[0].get_xticklabels())


def test_other_warnings_are_left_alone():
    figure = attention_figure(attention(5, 4), SOURCE, TARGET)
    figure.axes[0].draw = lambda renderer: warnings.warn("something else", stacklevel=1)
    with pytest.warns(UserWarning, match="something else"):
        figure.savefig(io.BytesIO(), format="png")


def test_a_notebook_shows_a_figure_once():
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    formatter.active_types = formatter.format_types
    data, _ = formatter.format(attention_figure(attention(5, 4), SOURCE, TARGET))
    assert set(data) == {"text/plain", "image/png"}
    assert data["image/png"].startswith(b"\x89PNG")


def test_attention_of_the_wrong_shape():
    with pytest.raises(ValueError, match="5 target tokens and 4 source tokens"):
        attention_figure(attention(4, 5), SOURCE, TARGET)
    with pytest.raises(ValueError, match="no tokens"):
        attention_figure(np.zeros((2, 1)), ["a"], ["", ""])


HISTORY = [
    {"epoch": 1, "loss": 4.0, "val_loss": 3.5, "accuracy": 0.2, "val_accuracy": 0.3},
    {"epoch": 2, "loss": 3.0, "val_loss": 3.1, "val_bleu": 11.0},
    {"epoch": 3, "loss": float("nan"), "val_loss": 2.9, "val_bleu": None},
    {"epoch": 4, "loss": 2.0, "val_bleu": 24.5},
]


def curves(axes):
    return {line.get_label(): list(zip(*line.get_data(), strict=True)) for line in axes.lines}


def test_training():
    loss, bleu = drawn(training_figure(HISTORY)).axes
    assert curves(loss) == {
        "training": [(1, 4.0), (2, 3.0), (4, 2.0)],
        "validation": [(1, 3.5), (2, 3.1), (3, 2.9)],
    }
    assert list(curves(bleu).values()) == [[(2, 11.0), (4, 24.5)]]
    assert (loss.get_ylabel(), bleu.get_ylabel()) == ("loss (nats a token)", "validation BLEU")
    assert loss.get_xlabel() == bleu.get_xlabel() == "epoch"
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["training", "validation"]
    assert bleu.get_legend() is None
    assert loss.get_ylim()[0] == bleu.get_ylim()[0] == 0
    assert loss.get_ylim()[1] > 4
    assert loss.get_xlim() == bleu.get_xlim() == (0.5, 4.5)


def test_training_without_bleu():
    (axes,) = drawn(training_figure([{"epoch": 1, "loss": 2.0, "val_loss": 1.0}])).axes
    shown = [place for place in axes.get_xticks() if 0.5 <= place <= 1.5]
    assert shown == [1]  # Epochs are whole numbers.
    assert all(line.get_marker() not in ("", "None") for line in axes.lines)


def test_training_of_no_worth():
    (axes,) = drawn(training_figure([{"epoch": 1, "val_bleu": 0.0}])).axes
    assert axes.get_ylim() == (0, 1)


@pytest.mark.parametrize("history", [[], [{"epoch": 1, "loss": None}], [{"epoch": 1}]])
def test_training_without_anything(history):
    with pytest.raises(ValueError, match="neither a loss nor a BLEU"):
        training_figure(history)


ROWS = [
    {"first": 1, "last": 5, "sentences": 12, "bleu": 40.0},
    {"first": 6, "last": 10, "sentences": 3456, "bleu": 37.5},
    {"first": 46, "last": None, "sentences": 1, "bleu": 0.0},
]


def test_bleu_by_length():
    better = [{**row, "bleu": row["bleu"] + 10} for row in ROWS]
    above, below = drawn(length_figure({"gru": ROWS, "gru-attention": better})).axes
    assert curves(above) == {
        "gru": [(0, 40.0), (1, 37.5), (2, 0.0)],
        "gru-attention": [(0, 50.0), (1, 47.5), (2, 10.0)],
    }
    assert above.get_ylabel() == "BLEU"
    assert above.get_ylim()[0] == 0
    assert [text.get_text() for text in above.get_legend().get_texts()] == ["gru", "gru-attention"]
    assert len({line.get_color() for line in above.lines}) == 2
    assert len({line.get_marker() for line in above.lines}) == 2
    assert ticks(below.xaxis) == ["1\u20135", "6\u201310", "≥ 46"]
    assert [text.get_text() for text in below.texts] == ["12", "3456", "1"]
    assert [bar.get_height() for bar in below.patches] == [12, 3456, 1]
    assert (below.get_xlabel(), below.get_ylabel()) == ("words in the source", "sentences")


def test_bins_of_one_length():
    rows = [{"first": 3, "last": 3, "sentences": 2, "bleu": 5.0}]
    assert ticks(drawn(length_figure({"gru": rows})).axes[1].xaxis) == ["3"]


def test_bleu_by_length_that_cannot_be_compared():
    for nothing in ({}, {"gru": []}):
        with pytest.raises(ValueError, match="no BLEU"):
            length_figure(nothing)
    with pytest.raises(ValueError, match="same sources"):
        length_figure({"gru": ROWS, "gru-attention": ROWS[:2]})
