"""The folder of a training run."""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from zipfile import BadZipFile

import keras

from s2s_keras.errors import InputError
from s2s_keras.files import replacing, write_json
from s2s_keras.models import EncoderDecoder
from s2s_keras.search import TextToText
from s2s_keras.tokenizer import Tokenizer
from s2s_keras.training.settings import Settings
from s2s_keras.training.state import TrainingState, load_state


class Run:
    """A folder that holds a training run.

    - `run.json`: the settings, the model's combination of layers, and a digest of the training
      pairs' tokens. Written last of what a run begins with: a folder holds a run if it has this
      file.
    - `tokenizer.model`: the SentencePiece model.
    - `validation.tsv`: the validation pairs.
    - `back-translations.tsv`, `forward-translations.tsv`: what `back_translate` and
      `forward_translate` wrote, where the settings ask for it.
    - `checkpoint.npz`: all that an exact resume needs.
    - `epochs/`: the weights that the last epochs ended with, where they are averaged.
    - `model.keras`: the weights with the best validation so far.
    - `whole-epochs.keras`: where the clock ended the training within an epoch, and that was the
      best: the best before it, to go on from.
    - `history.json`: losses and scores, one entry an epoch.
    - `logs/`: for TensorBoard.
    - `scores.json`, `translations/`: what `score_run` found on the test splits.

    Args:
        path: the folder.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.description_file = self.path / "run.json"
        self.tokenizer_file = self.path / "tokenizer.model"
        self.validation_file = self.path / "validation.tsv"
        self.back_translations_file = self.path / "back-translations.tsv"
        self.forward_translations_file = self.path / "forward-translations.tsv"
        self.checkpoint_file = self.path / "checkpoint.npz"
        self.epochs = self.path / "epochs"
        self.model_file = self.path / "model.keras"
        self.whole_epochs_file = self.path / "whole-epochs.keras"
        self.history_file = self.path / "history.json"
        self.logs = self.path / "logs"
        self.scores_file = self.path / "scores.json"
        self.translations = self.path / "translations"

    def exists(self):
        """Whether the folder holds a run."""
        return self.description_file.is_file()

    def describe(self, settings, combination, data):
        """Writes `run.json`.

        Args:
            settings: `Settings`.
            combination: what `find_combination` gave for them.
            data: what the run learns from, a dictionary: counts and a digest.
        """
        write_json(
            self.description_file,
            {"settings": asdict(settings), "combination": combination, "data": data},
        )

    @property
    def settings(self):
        """The run's `Settings`.

        Raises:
            InputError: if a version with other settings began the run.
        """
        try:
            return Settings(**self._description()["settings"])
        except TypeError as error:
            raise InputError(
                f"{self.path}: another version of s2s_keras began this run ({error})"
            ) from error

    @property
    def combination(self):
        """The model's combination of layers, every field named."""
        return self._description()["combination"]

    @property
    def data(self):
        """What `describe` was told of the run's data."""
        return self._description()["data"]

    @property
    def history(self):
        """Losses and scores, a list of dictionaries, one an epoch."""
        return _read_json(self.history_file) if self.history_file.is_file() else []

    @property
    def state(self):
        """The `TrainingState`: how far the run has come, and on what hardware."""
        if not self.checkpoint_file.is_file():
            return TrainingState()
        return load_state(self.checkpoint_file)

    @property
    def is_finished(self):
        """Whether training has come to its end, and not just to that of its minutes."""
        return bool(self.state.ended)

    @property
    def scores(self):
        """What `score_run` found on the test splits; empty before it has."""
        return _read_json(self.scores_file) if self.scores_file.is_file() else {}

    @property
    def best(self):
        """The entry of the history whose epoch gave `model.keras`; None before the first."""
        if not self.history:
            return None
        if self.settings.monitor == "loss":
            return min(self.history, key=lambda entry: entry["val_loss"])
        return max(self.history, key=lambda entry: entry["val_bleu"])

    def tokenizer(self):
        """The run's `Tokenizer`."""
        return Tokenizer.load(self.tokenizer_file)

    def model(self):
        """The `EncoderDecoder` with the best weights.

        Raises:
            InputError: if no epoch has ended yet, or the file is damaged or of another version.
        """
        if self.best is None or not self.model_file.is_file():
            raise InputError(
                f"{self.path}: no epoch of this run has ended yet, so it has no model: "
                "go on with train --resume"
            )
        try:
            return keras.saving.load_model(self.model_file)
        except (ValueError, TypeError, KeyError, OSError, BadZipFile) as error:
            reason = str(error).partition("\n")[0]
            raise InputError(
                f"{self.model_file}: this model is damaged, or of another version of "
                f"s2s_keras or Keras ({reason})"
            ) from error

    def text_to_text(self, strategy=None):
        """The `TextToText` of the best weights, with a search strategy or greedy."""
        return TextToText(self.model(), self.tokenizer(), self.settings.max_length, strategy)

    def save_model(self, model):
        """Writes the weights and the configuration of `model`, without its optimizer."""
        copy = EncoderDecoder.from_config(model.get_config())
        copy.build()
        copy.set_weights(model.get_weights())
        with replacing(self.model_file) as temporary:
            copy.save(temporary)

    def set_aside_model(self):
        """Keeps the best model of whole epochs, before that of an interrupted one is saved."""
        with replacing(self.whole_epochs_file) as temporary:
            shutil.copyfile(self.model_file, temporary)

    def forget_interrupted(self, history):
        """Puts back what `set_aside_model` kept, and `history`, that of whole epochs."""
        if self.whole_epochs_file.is_file():
            write_json(self.history_file, history)
            os.replace(self.whole_epochs_file, self.model_file)

    def _description(self):
        if not self.exists():
            raise InputError(f"{self.path}: holds no training run")
        description = _read_json(self.description_file)
        if not {"settings", "combination", "data"} <= set(description):
            raise InputError(f"{self.description_file}: does not describe a training run")
        return description


def _read_json(path):
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: this file is damaged ({error})") from error
