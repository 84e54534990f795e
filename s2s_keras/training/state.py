"""Where a training stands, and everything needed to go on from there as if it had not stopped."""

import json
from dataclasses import asdict, dataclass, field

import numpy as np

from s2s_keras.files import opened, replacing


@dataclass
class TrainingState:
    """The position of a training.

    Attributes:
        epoch: the epoch that is under way, counted from 0.
        step: how many of its batches are done.
        seconds: how long the run has trained, all its processes together.
        best: the best value of what is monitored; None before the first validation.
        best_epoch: the epoch that gave it.
        ended: why the run is finished; empty while it is not.
        history: losses and scores of the epochs that have ended.
        hardware: what it was trained on, last.
        interrupted: whether the clock ended the training within an epoch.
    """

    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_epoch: int = -1
    ended: str = ""
    history: list = field(default_factory=list)
    hardware: str = ""
    interrupted: bool = False


def save_checkpoint(path, state, model=None):
    """Writes `state` and every variable of a compiled model, whole or not at all.

    The variables are the weights, the optimizer's, the dropout's seeds and the running metrics.
    Without a model there are none: nothing can go on from there, which suits an end.
    """
    variables = _variables(model) if model else []
    arrays = {f"v{index}": np.asarray(each) for index, each in enumerate(variables)}
    with replacing(path) as temporary:
        np.savez(temporary, state=json.dumps(asdict(state)), **arrays)


def load_checkpoint(path, model):
    """Puts the variables back that `save_checkpoint` wrote.

    Raises:
        InputError: if the file is no checkpoint of this model.
    """
    variables = _variables(model)
    with opened(path, "no checkpoint of this run") as saved:
        if len(saved.files) != len(variables) + 1:
            raise ValueError("another model's variables")
        for index, variable in enumerate(variables):
            variable.assign(saved[f"v{index}"])


def load_state(path):
    """The `TrainingState` that `save_checkpoint` wrote.

    Raises:
        InputError: if the file is no checkpoint.
    """
    with opened(path, "no checkpoint of this run") as saved:
        return TrainingState(**json.loads(str(saved["state"])))


def _variables(model):
    # `variables` holds the weights and the dropout's seeds.
    return [*model.variables, *model.metrics_variables, *model.optimizer.variables]
