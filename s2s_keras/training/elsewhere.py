"""A training that happens elsewhere: token ids go there, weights come back.

There is where Keras runs on JAX with an accelerator and TensorFlow need not be installed; see
`recipes/train_on_jax.py`.
"""

import json
from dataclasses import asdict, replace

from s2s_keras.errors import InputError
from s2s_keras.files import opened
from s2s_keras.models import build_model
from s2s_keras.pipeline.token_archive import save_tokens
from s2s_keras.training.learner import compile_with
from s2s_keras.training.log import say
from s2s_keras.training.preparation import check, prepare
from s2s_keras.training.run import Run
from s2s_keras.training.settings import Settings
from s2s_keras.training.state import TrainingState, save_checkpoint
from s2s_keras.training.validation import validation_of

# What the weights that come back say of their training.
_ABOUT = ("digest", "settings", "epochs", "seconds", "hardware", "logs")


def write_tokens(settings, output, path):
    """Begins a run and writes all that its training needs to an `.npz` file.

    Args:
        settings: `Settings`.
        output: the run's folder, which may have begun with the same settings.
        path: of the file.

    Raises:
        InputError: for what does not do, or for settings that only `train` can follow.
    """
    if settings.max_steps or settings.scheduled_sampling:
        raise InputError("max_steps and scheduled_sampling are for a training here: leave them out")
    run = Run(output)
    combination = check(run, settings, resume=True)
    batches, tokenizer = prepare(run, settings, combination)
    description = {
        "settings": asdict(settings),
        "combination": combination,
        "recipe": asdict(settings.recipe(combination)),
        "pieces": tokenizer.pieces(range(tokenizer.vocabulary_size)),
        "digest": run.data["digest"],
    }
    save_tokens(path, batches.pairs, description)
    say(f"{path}: {len(batches.pairs):,} pairs")


def take_weights(settings, output, path):
    """Takes the weights that a training elsewhere ended with, validates them, finishes the run.

    Args:
        settings: the `Settings` that the token ids were written with.
        output: the run's folder.
        path: the `.npz` file that came back.

    Returns:
        The `Run`.

    Raises:
        InputError: if there is no such file, or its weights are of another run.
    """
    run = Run(output)
    combination = check(run, settings, resume=True)
    if run.is_finished:
        say(f"{output}: finished before: {run.state.ended}")
        return run
    weights, about = _read(path)
    _, tokenizer = prepare(run, settings, combination)
    model = build_model(combination, tokenizer.vocabulary_size)
    compile_with(model, settings.recipe(combination))
    theirs = replace(about["settings"], model=settings.model)  # from whatever folder
    if differences := theirs.differences(settings):
        raise InputError(
            f"{path}: these weights are of another run than {output}: {'; '.join(differences)}"
        )
    shapes = [each.shape for each in weights]
    if about["digest"] != run.data["digest"] or shapes != [each.shape for each in model.weights]:
        raise InputError(f"{path}: these weights are of other data or layers than {output}")
    model.set_weights(weights)
    state = TrainingState(
        epoch=about["epochs"],
        seconds=about["seconds"],
        ended="trained elsewhere",
        hardware=about["hardware"],
    )
    # They are an average already.
    once = validation_of(run, settings, state, model, model, tokenizer, average=1)
    once.on_epoch_end(about["epochs"] - 1, dict(about["logs"]))
    save_checkpoint(run.checkpoint_file, state)
    say(f"{output}: validation BLEU {run.best['val_bleu']:.2f}")
    return run


def _read(path):
    with opened(path, "holds no weights of a training") as saved:
        weights = [saved[f"arr_{index}"] for index in range(len(saved.files) - 1)]
        about = json.loads(str(saved["about"]))
        about = {name: about[name] for name in _ABOUT}
        return weights, about | {"settings": Settings(**about["settings"])}
