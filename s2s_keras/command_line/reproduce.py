"""`s2s-keras reproduce`."""

import argparse
import json
import sys
from pathlib import Path

_DESCRIPTION = """\
Make a reference model from its recipe: train it, score it on every test split, export it.

A recipe is a TOML file with every setting, such as those in recipes/. DIR/run is the training run,
with scores.json and the translations of the test splits, and DIR/export is the exported folder.
Whatever stopped it, the same command goes on where it was, and a finished one ends at once. A test
split that can be neither read nor downloaded is left out, and said to be.

The training itself can happen elsewhere, on Keras with JAX and a GPU: --tokens writes what it needs
to a file, recipes/train_on_jax.py trains from that, and --weights takes what comes back.
"""

_EXAMPLES = """\
examples:
  s2s-keras reproduce recipes/de-en-transformer.toml --output runs/de-en-transformer
  s2s-keras reproduce recipes/de-en-transformer.toml --output runs/second --seed 2
"""


def add_to(commands):
    """Adds the command to argparse's `commands`."""
    parser = commands.add_parser(
        "reproduce",
        help="train, score and export a reference model from its recipe",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("recipe", metavar="RECIPE", help="a TOML file with every setting")
    add("--output", required=True, metavar="DIR", help="folder for the run and the exported model")
    add("--seed", type=int, metavar="N", help="seed of everything random (the recipe's)")
    add(
        "--max-minutes",
        type=float,
        metavar="M",
        help="stop after this many minutes of training in all; the same command with more goes on",
    )
    add("--report", action="store_true", help="measure the export in every runtime too")
    elsewhere = parser.add_mutually_exclusive_group()
    elsewhere.add_argument(
        "--tokens", metavar="FILE", help="write token ids for a training elsewhere, and stop"
    )
    elsewhere.add_argument(
        "--weights", metavar="FILE", help="take the weights of a training elsewhere, then go on"
    )
    parser.set_defaults(run=_run)


def _run(options):
    from s2s_keras.command_line.output import print_json
    from s2s_keras.training import Run, read_recipe, score_run, take_weights, train, write_tokens

    _check_usage(options)
    recipe = read_recipe(options.recipe, options.seed)
    settings, output = recipe.settings, Path(options.output)
    _check_export(output / "export", recipe.beam_size)
    _diversify(Run(output / "run"), settings)
    if options.tokens is not None:
        write_tokens(settings, output / "run", options.tokens)
        return
    if options.weights is not None:
        run = take_weights(settings, output / "run", options.weights)
    else:
        run = train(settings, output / "run", resume=True, max_minutes=options.max_minutes)
    result = {"run": str(run.path), "best": run.best, "finished": run.is_finished}
    if run.is_finished:
        scores = score_run(run, recipe.beam_size)
        result["scores"] = {name: split["cased"] for name, split in scores["splits"].items()}
        folder = _export(run, output / "export", recipe.beam_size, scores)
        result["export"] = str(folder)
        if options.report:
            _report(run, folder)
    print_json(result)


def _check_usage(options):
    from s2s_keras.errors import InputError

    if options.tokens is not None and options.report:
        raise InputError("--tokens stops before there is an export to --report on: give one")
    if options.max_minutes is not None and (options.tokens or options.weights) is not None:
        raise InputError("--max-minutes is for a training here: leave it out, or the other option")


def _check_export(folder, beam_size):
    from s2s_keras.errors import InputError

    if (file := folder / "results.json").is_file():
        exported = json.loads(file.read_text("utf-8"))["beam_size"]
        if exported != beam_size:
            raise InputError(
                f"{folder}: was exported with beam size {exported}, not {beam_size}: remove it, "
                "and the same command scores and exports again"
            )


def _diversify(run, settings):
    from s2s_keras.training import back_translate, forward_translate

    source, target = settings.source, settings.target
    steps = []  # both models are there before one is given minutes
    if settings.back_translator is not None and not run.back_translations_file.is_file():
        steps.append((back_translate, _translator(settings, "back_translator", target, source)))
    if settings.forward_translator is not None and not run.forward_translations_file.is_file():
        steps.append(
            (forward_translate, _translator(settings, "forward_translator", source, target))
        )
    for translate, translator in steps:
        translate(run, settings, translator)


def _translator(settings, role, source, target):
    from s2s_keras.errors import InputError
    from s2s_keras.export import load

    path = getattr(settings, role)
    try:
        model = load(path)
    except InputError as error:
        raise InputError(
            f"{settings.model}: {role} cannot be had ({error}): make that model first, "
            "or name another"
        ) from error
    if (model.source, model.target) != (source, target):
        raise InputError(
            f"{settings.model}: {role} must translate from {source} to {target}, but {path} "
            f"translates from {model.source} to {model.target}"
        )
    return model.translator


def _export(run, folder, beam_size, scores):
    from s2s_keras.export import export

    if not (folder / "1").is_dir():
        print(f"{folder}: exports", file=sys.stderr, flush=True)
        terms = f"that of the data: {scores['data_licence']}"
        export(run, folder, beam_size=beam_size, license=terms)
    return folder


def _report(run, folder):
    from s2s_keras.report.report import SENTENCES, write_report
    from s2s_keras.report.sentences import test_sentences

    if "parity" not in json.loads((folder / "results.json").read_text("utf-8")):
        write_report(run, folder, test_sentences(run, SENTENCES))
