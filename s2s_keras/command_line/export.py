"""`s2s-keras export`."""

import argparse
import sys

_DESCRIPTION = """\
Write a training run's best model as a folder to deploy.

DIR/VERSION is a SavedModel that takes text and gives text: TensorFlow Serving mounts DIR, and any
program that loads SavedModels with TensorFlow Text's operators can run it. DIR/litert holds the
model for LiteRT, from token ids to token ids. DIR/README.md says what the model is and lists its
signatures. A version appears whole or not at all, and is never overwritten.

--report then translates the corpus's test split with every runtime that is there (TensorFlow in
Python and in C, LiteRT, LiteRT.js in Chromium), each in a process of its own, and writes what was
found into DIR/results.json and DIR/README.md: how many translations are the same, BLEU, chrF,
sizes, times and memory. Other programs that run at the same time make the times worthless.
"""


def add_to(commands):
    """Adds the command to argparse's `commands`."""
    parser = commands.add_parser(
        "export",
        help="write a model as a folder to deploy",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", metavar="RUN", help="a training run's folder")
    parser.add_argument("--output", required=True, metavar="DIR", help="the exported folder")
    parser.add_argument(
        "--version", type=int, default=1, metavar="N", help="version number (%(default)s)"
    )
    parser.add_argument(
        "--beam-size",
        type=int,
        default=5,
        metavar="K",
        help="width of the beam search (%(default)s)",
    )
    parser.add_argument("--author", default="not stated", metavar="TEXT", help="who made the model")
    parser.add_argument(
        "--license", default="not stated", metavar="TEXT", help="the terms that it is under"
    )
    parser.add_argument(
        "--report", action="store_true", help="measure the export in every runtime (up to an hour)"
    )
    parser.set_defaults(run=_run)


def _run(options):
    from s2s_keras.errors import InputError
    from s2s_keras.export import export
    from s2s_keras.training import Run

    run = Run(options.model)
    if not run.exists():
        raise InputError(f"{options.model}: holds no training run")
    sentences = _sentences(run, options) if options.report else None
    folder = export(
        run,
        options.output,
        options.version,
        options.beam_size,
        options.author,
        options.license,
    )
    print(f"exported {options.model} to {folder}", file=sys.stderr)
    if sentences is not None:
        from s2s_keras.report.report import write_report

        write_report(run, options.output, sentences)
    print(folder)


def _sentences(run, options):
    """What to measure with: asked for before the export, so that what is missing costs no time."""
    from s2s_keras.errors import InputError
    from s2s_keras.export import exported_versions
    from s2s_keras.report.report import SENTENCES
    from s2s_keras.report.sentences import test_sentences

    newest = max(exported_versions(options.output), default=0)
    if options.version < newest:
        raise InputError(
            f"--report measures the newest version, and {options.output} has version {newest}: "
            "export without it, or choose a higher --version"
        )
    return test_sentences(run, SENTENCES)
