"""Figures that can be read in grey, by colour-blind readers and by screen readers."""

import base64
import html
import io

import matplotlib.pyplot as plt
from cycler import cycler
from IPython.display import display

# The palette of Okabe & Ito (2008), with a marker and a line style for each colour.
_CURVES = (
    cycler(color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#000000"])
    + cycler(linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1))])
    + cycler(marker=list("os^DvX"))
)
_STYLE = {
    "axes.prop_cycle": _CURVES,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "figure.figsize": (7, 3),
    "font.size": 10,
    "image.cmap": "cividis",
    "legend.frameon": False,
    "lines.markersize": 4,
}
# A page has 96 pixels an inch; images have more, for screens of high resolution.
_PAGE, _IMAGE = 96, 160


def use_style():
    """Gives the figures that follow the lessons' look."""
    plt.rcParams.update(_STYLE)


def show(figure, alt):
    """Shows a figure below the cell, and closes it.

    Where no image can be seen, `alt` takes its place. It is an attribute of an HTML `img`, since
    neither JupyterLab nor nbconvert reads it from the metadata of a PNG.

    Args:
        figure: a matplotlib `Figure`.
        alt: what the figure shows, in a sentence or two.
    """
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=_IMAGE, bbox_inches="tight")
    plt.close(figure)
    width = int.from_bytes(image.getvalue()[16:20], "big") * _PAGE // _IMAGE
    data = base64.b64encode(image.getvalue()).decode()
    tag = (
        f'<img src="data:image/png;base64,{data}" width="{width}" '
        f'style="max-width: 100%; height: auto" alt="{html.escape(alt)}">'
    )
    display({"text/html": tag, "text/plain": alt}, raw=True)
