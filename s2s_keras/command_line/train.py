"""`s2s-keras train`."""

import argparse

_DESCRIPTION = """\
Train a model on sentence pairs, into a folder.

A corpus is a name (grammar is built in; multi30k and tatoeba are read from $S2S_DATA_DIR or
downloaded once) or a TAB-separated file, source sentence first. A part of a file is held out for
validation unless --validation names another. After every epoch the validation sentences are
translated and scored, and RUN/model.keras keeps the best weights. Training ends after --epochs, or
when --patience epochs have brought nothing better.

--model is a preset or a .toml or .json file that combines layers: a table [encoder] and a table
[decoder], [attention] for a recurrent decoder, each with a type and that layer's arguments, and
[training], whose schedule, learning rate, warm-up and label smoothing the options change.

A training that was stopped, by whatever, goes on with the same command and --resume, and ends with
the same weights as if it had never stopped. Watch it with: tensorboard --logdir RUN/logs
"""

_EXAMPLES = """\
examples:
  s2s-keras train --corpus grammar --source de --target en --model gru-attention --output runs/demo
  s2s-keras train --corpus pairs.tsv --source fr --target en --model gru-attention --output runs/fr

a file for --model, here what the preset gru-attention is:
  embedding_units = 256
  dropout = 0.3
  encoder = { type = "recurrent", units = 256 }
  decoder = { type = "recurrent", units = 512 }
  attention = { type = "additive", units = 256 }
  training = { schedule = "cosine", learning_rate = 2e-3, warmup_steps = 400 }
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
        metavar="PRESET|FILE",
        help="gru (fixed-size context), gru-attention (additive attention), transformer-tiny, "
        "transformer-small, or a file",
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
        help="target tokens a batch, padding included (%(default)s)",
    )
    add("--seed", type=int, default=0, metavar="N", help="seed of everything random (%(default)s)")
    add(
        "--monitor",
        choices=("bleu", "loss"),
        default="bleu",
        help="what decides which weights are best, on the validation pairs (%(default)s)",
    )
    add(
        "--patience",
        type=int,
        default=5,
        metavar="N",
        help="stop after so many epochs without a better one (%(default)s)",
    )
    _add_recipe(add)
    _add_extras(add)
    add("--resume", action="store_true", help="go on with the run in RUN, or begin it")
    parser.set_defaults(run=_run)


def _add_recipe(add):
    add(
        "--schedule",
        metavar="NAME",
        help="of the learning rate: cosine, linear, inverse-square-root or noam (the model's own)",
    )
    add("--learning-rate", type=float, metavar="X", help="its highest value (the model's own)")
    add("--warmup-steps", type=int, metavar="N", help="updates until then (the model's own)")
    add("--label-smoothing", type=float, metavar="X", help="between 0 and 1 (the model's own)")


def _add_extras(add):
    add(
        "--average",
        type=int,
        default=1,
        metavar="N",
        help="judge and keep the average of the last N epochs' weights (%(default)s)",
    )
    add(
        "--accumulate",
        type=int,
        default=1,
        metavar="N",
        help="make an update of N batches (%(default)s)",
    )
    add(
        "--scheduled-sampling",
        type=float,
        default=0.0,
        metavar="P",
        help="let the model read its own tokens in training, a share that grows to P (%(default)s)",
    )
    add(
        "--bpe-dropout",
        type=float,
        default=0.0,
        metavar="P",
        help="leave out merges of subwords, anew in each epoch, with probability P (%(default)s)",
    )
    add(
        "--r-drop",
        type=float,
        default=0.0,
        metavar="X",
        help="read each batch twice, and weigh the difference between the two by X (%(default)s)",
    )
    add(
        "--precision",
        choices=("float32", "bfloat16", "float16"),
        default="float32",
        help="of most products in training; the 16-bit ones are for accelerators (%(default)s)",
    )


def _run(options):
    from dataclasses import fields

    from s2s_keras.command_line.output import print_json
    from s2s_keras.training import Settings, train

    given = vars(options)
    settings = Settings(
        **{each.name: given[each.name] for each in fields(Settings) if each.name in given}
    )
    run = train(settings, options.output, resume=options.resume, max_minutes=options.max_minutes)
    print_json({"run": options.output, "best": run.best})
