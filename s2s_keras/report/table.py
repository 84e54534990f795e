"""The table of a report, in Markdown."""

import textwrap

from s2s_keras.report.environment import describe

_HEADER = (
    "| runtime | signature | identical | BLEU | chrF | size (MB) | load (s) | first call (s) "
    "| median (ms) | p99 (ms) | memory (MB) |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)
_HOW = """\
Each runtime translated {where}, one a call, in a process that did nothing else, one after the
other, on the processor alone: TensorFlow with its own choice of threads, LiteRT with one a core,
LiteRT.js with one. `identical` counts the translations that are byte for byte those of {reference}
with the same search. Load is the time from a process without the runtime to a model that can be
called, the libraries' own loading included; the first call comes after it. Median and p99 are of
one call, after all sentences have been translated once. Memory is the peak resident set of the
process, libraries included; of Chromium, that of the page's process."""
_SCORES = """\
BLEU: `{bleu}`; chrF: `{chrf}`. Where translations differ, `results.json` names up to five with both
texts and their scores."""


def parity_section(parity):
    """The model card's section on what was measured.

    Args:
        parity: the value of `parity` in `results.json`.
    """
    sentences = parity["sentences"]
    where = f"{sentences['count']:,} sentences of {sentences['corpus']} ({sentences['split']})"
    table = "\n".join([_HEADER, *(_line(row) for row in parity["rows"])])
    paragraphs = [
        _paragraph(_HOW, where=where, reference=parity["reference"]),
        table,
        _paragraph(_SCORES, bleu=parity["signature"], chrf=parity["chrf_signature"]),
        _paragraph("Measured on {machine}.", machine=describe(parity["environment"])),
    ]
    return "\n\n".join(["## The same in every runtime", *paragraphs]) + "\n"


def summary(row, count):
    """A row as one line of text.

    Args:
        row: what `comparison.row` gives.
        count: how many sentences there were.
    """
    name = f"{row['runtime']}, {row['signature']}"
    if "not_measured" in row:
        return f"{name}: not measured: {row['not_measured']}"
    return (
        f"{name}: {row['identical']} of {count} identical, BLEU {row['bleu']:.2f}, "
        f"{1000 * row['median_seconds']:.1f} ms"
    )


def _paragraph(text, **values):
    text = text.format(**values)
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def _line(row):
    cells = [row["runtime"], f"`{row['signature']}`"]
    if "not_measured" in row:
        reason = row["not_measured"].replace("|", "\\|")
        cells += [f"not measured: {reason}", *[""] * 8]
    else:
        cells += [
            f"{row['identical']:,}",
            f"{row['bleu']:.2f}",
            f"{row['chrf']:.2f}",
            f"{row['bytes'] / 1e6:.1f}",
            f"{row['load_seconds']:.2f}",
            f"{row['first_call_seconds']:.2f}",
            f"{1000 * row['median_seconds']:.1f}",
            f"{1000 * row['p99_seconds']:.1f}",
            _megabytes(row["peak_memory_bytes"]),
        ]
    return f"| {' | '.join(cells)} |"


def _megabytes(count):
    return "unknown" if count is None else f"{count / 1e6:.0f}"
