"""`s2s-keras translate`."""

import argparse
import codecs
import itertools
import sys

from s2s_keras.command_line.checks import add_search_options, check_at_least_one, strategy_of

_DESCRIPTION = """\
Translate standard input, line by line, to standard output.

As many lines come out as went in, in order; an empty line stays empty. Bytes that are no UTF-8 are
read as U+FFFD. A line that is longer than the model reads is cut, with one warning at the end.
"""

_EXAMPLE = """\
example:
  echo "Der Hund schläft." | s2s-keras translate runs/demo/export
"""

# So many batches are read ahead and sorted by length, which makes batches of similar lengths.
_BATCHES_AHEAD = 16


def add_to(commands):
    """Adds the command to argparse's `commands`."""
    parser = commands.add_parser(
        "translate",
        help="translate lines of text",
        description=_DESCRIPTION,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a training run, an exported folder, a version in it or a .tflite file",
    )
    add_search_options(parser)
    parser.add_argument(
        "--batch-size",
        type=int,
        default=64,
        metavar="N",
        help="lines translated at once (%(default)s)",
    )
    parser.set_defaults(run=_run)


def _run(options):
    from s2s_keras.export import load

    strategy = strategy_of(options)
    check_at_least_one("--batch-size", options.batch_size)
    model = load(options.model, strategy)
    # Someone who types wants each answer at once.
    ahead = 1 if sys.stdin.isatty() else options.batch_size * _BATCHES_AHEAD
    cut = []
    lines = enumerate(_lines(sys.stdin.buffer), start=1)
    while chunk := list(itertools.islice(lines, ahead)):
        cut += [number for number, text in chunk if model.is_cut(text)]
        translations = model.translator.translate([text for _, text in chunk], options.batch_size)
        for translation in translations:
            sys.stdout.buffer.write(translation.text.encode() + b"\n")
        sys.stdout.buffer.flush()
    if cut:
        print(
            f"s2s-keras: warning: {len(cut)} line(s) longer than {model.max_length - 1} tokens "
            f"were cut there, the first is line {cut[0]}",
            file=sys.stderr,
        )


def _lines(stream):
    for number, raw in enumerate(stream):
        if number == 0:
            raw = raw.removeprefix(codecs.BOM_UTF8)
        text = raw.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")
        yield text.replace("\0", "\ufffd")
