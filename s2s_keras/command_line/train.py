"""`s2s-keras train`."""

import argparse

_DESCRIPTION = """\
Train a model on sentence pairs, into a folder.

A corpus is a name (grammar is built in; multi30k and tatoeba are read from $S2S_DATA_DIR or
downloaded once) or a TAB-separated file, source sentence first. A part of a file is held out for
validation unless --validation names another. After every epoch the validation sentences are
translated and scored, and RUN/model.keras keeps the best weights. Training ends after --epochs, or
when five epochs have brought nothing better.

A training that was stopped, by whatever, goes on with the same command and --resume, and ends with
the same weights as if it had never stopped. Watch it with: tensorboard --logdir RUN/logs
"""

_EXAMPLES = """\
examples:
  s2s-keras train --corpus grammar --source de --target en --model gru-attention --output runs/demo
  s2s-keras train --corpus pairs.tsv --source fr --target en --model gru-attention --output runs/fr
"""


def add_to(commands):
    """Adds the command to argparse's `commands`."""
    parser = commands.add_parser(
        "train",
        help="train a model on sentence pairs",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--corpus", required=True, metavar="NAME|FILE.tsv", help="sentence pairs to learn from")
    add("--source", required=True, metavar="LANG", help="source language, ISO 639-1, such as de")
    add("--target", required=True, metavar="LANG", help="target language, such as en")
    add(
        "--model",
        required=True,
        metavar="PRESET",
        help="gru-attention (additive attention) or gru (fixed-size context, for comparison)",
    )
    add("--output", required=True, metavar="RUN", help="folder for the run")
    add("--validation", metavar="FILE", help="TAB-separated validation pairs, for a corpus FILE")
    add("--vocab-size", type=int, default=8000, metavar="N", help="subwords to learn (%(default)s)")
    add("--epochs", type=int, default=20, metavar="N", help="passes over the pairs (%(default)s)")
    add("--max-steps", type=int, metavar="N", help="stop after this many updates")
    add("--max-minutes", type=float, metavar="M", help="stop after this many minutes of training")
    add(
        "--batch-tokens",
        type=int,
        default=2048,
        metavar="N",
        help="target tokens an update, padding included (%(default)s)",
    )
    add("--seed", type=int, default=0, metavar="N", help="seed of everything random (%(default)s)")
    add(
        "--monitor",
        choices=("bleu", "loss"),
        default="bleu",
        help="what decides which weights are best, on the validation pairs (%(default)s)",
    )
    add("--resume", action="store_true", help="go on with the run in RUN, or begin it")
    parser.set_defaults(run=_run)


def _run(options):
    from s2s_keras.command_line.output import print_json
    from s2s_keras.training import Settings, train

    settings = Settings(
        corpus=options.corpus,
        source=options.source,
        target=options.target,
        model=options.model,
        validation=options.validation,
        vocab_size=options.vocab_size,
        epochs=options.epochs,
        max_steps=options.max_steps,
        batch_tokens=options.batch_tokens,
        seed=options.seed,
        monitor=options.monitor,
    )
    run = train(settings, options.output, resume=options.resume, max_minutes=options.max_minutes)
    print_json({"run": options.output, "best": run.best})
