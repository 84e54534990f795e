"""The model that `fit` trains, compiled."""

import keras
import numpy as np

from s2s_keras.errors import InputError
from s2s_keras.models import ScheduledSampling, TokenAccuracy, build_schedule, training_loss
from s2s_keras.training.adam import Adam


def total_batches(settings, batches_per_epoch):
    """How many batches a whole training has."""
    batches = settings.epochs * batches_per_epoch
    if settings.max_steps is None:
        return batches
    return min(batches, settings.max_steps * settings.accumulate)


def total_updates(settings, batches):
    """How many updates so many batches make.

    Raises:
        InputError: if there are too few batches for one.
    """
    if updates := batches // settings.accumulate:
        return updates
    raise InputError(
        f"accumulate is {settings.accumulate}, but the training has {batches} batches: choose "
        "fewer, or more epochs"
    )


def compiled_learner(model, settings, recipe, batches):
    """What `fit` trains: the model itself, or the model under scheduled sampling.

    Args:
        model: an `EncoderDecoder`.
        settings: `Settings`.
        recipe: a `Recipe`.
        batches: how many batches the whole training has.

    Returns:
        A compiled `keras.Model`, all of whose variables exist.

    Raises:
        InputError: if there are too few batches for one update.
    """
    learner = model
    if settings.scheduled_sampling:
        learner = ScheduledSampling(model, settings.scheduled_sampling, batches)
        learner.build()
    compile_with(learner, recipe, _optimizer(model, settings, recipe, batches), settings.r_drop)
    # Under float16 `compile` has put an optimizer that scales the loss around ours.
    learner.optimizer.build(learner.trainable_variables)
    _create_metrics(learner, model.vocabulary_size)
    return learner


def compile_with(model, recipe, optimizer=None, r_drop=0.0):
    """Compiles a model with the loss and the metrics of a training."""
    model.compile(
        optimizer=optimizer,
        loss=training_loss(recipe.label_smoothing, r_drop),
        weighted_metrics=[TokenAccuracy()],
    )


def _optimizer(model, settings, recipe, batches):
    updates = total_updates(settings, batches)
    return Adam(
        build_schedule(recipe, model.embedding_units, updates, settings.accumulate),
        beta_2=recipe.beta_2,
        global_clipnorm=recipe.clip_norm,
        gradient_accumulation_steps=settings.accumulate if settings.accumulate > 1 else None,
    )


def _create_metrics(learner, vocabulary_size):
    """Creates the metrics' variables, which a checkpoint holds too."""
    learner.compute_metrics(
        x=None, y=np.zeros((1, 1), "int32"), y_pred=keras.ops.zeros((1, 1, vocabulary_size))
    )
    learner.reset_metrics()
