"""The files that TensorFlow Serving reads beside a SavedModel."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
from google.protobuf import text_format
from serving_models import copy_version
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from s2s_keras.errors import InputError
from s2s_keras.export.serving_files import (
    WARM_UP_FILE,
    operators,
    server_notes,
    text_of_length,
    write_serving_files,
    write_warm_up,
)
from s2s_keras.tokenizer import Tokenizer

MAX_LENGTH = 40

# TensorFlow Serving calls the same function unless it is started with XLA switched on.
WITHOUT_XLA = """
import ctypes, json, os, sys
import tensorflow as tf, tensorflow_text
name = "libtensorflow_cc.2.dylib" if sys.platform == "darwin" else "libtensorflow_cc.so.2"
library = ctypes.CDLL(os.path.join(os.path.dirname(tf.__file__), name))
library._ZN10tensorflow21DisableXlaCompilationEv()
model = tf.saved_model.load(sys.argv[1])
answers = {}
for name in ("serving_default", "beam", "attention", "tokens", "serving_fast"):
    inputs = {"source": [[261, 3]]} if name == "tokens" else {"text": ["Der Hund."]}
    try:
        answers[name] = model.signatures[name](**{k: tf.constant(v) for k, v in inputs.items()})
        answers[name] = answers[name]["score"].numpy().tolist()
    except tf.errors.OpError as error:
        answers[name] = "XLA compilation disabled" in error.message
json.dump(answers, sys.stdout)
"""


def without_xla(folder):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_XLA, str(folder)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def version(exported, tmp_path_factory):
    """A copy of an exported version."""
    folder = tmp_path_factory.mktemp("version") / "1"
    copy_version(exported / "1", folder)
    return folder


@pytest.fixture(scope="module")
def tokenizer(version):
    return Tokenizer.load(version / "assets.extra/tokenizer.model")


def requests(folder):
    """Signature and tensor of each warm-up request."""
    records = tf.data.TFRecordDataset(str(folder / WARM_UP_FILE)).as_numpy_iterator()
    for record in records:
        log = prediction_log_pb2.PredictionLog.FromString(record)
        # Any other field number would leave something over.
        assert log.SerializeToString(deterministic=True) == record
        request = log.predict_log.request
        ((name, tensor),) = request.inputs.items()
        yield request.model_spec.signature_name, name, tf.make_ndarray(tensor)


def test_the_warm_up_file_has_several_lengths_and_batches(version, tokenizer):
    write_warm_up(version, tokenizer, MAX_LENGTH)
    seen = list(requests(version))
    for signature in ("serving_default", "beam", "attention"):
        texts = [value for each, name, value in seen if (each, name) == (signature, "text")]
        assert [len(batch) for batch in texts] == [1, 1, 1, 8]
        lengths = [len(tokenizer.tokenize(batch).to_list()[0]) + 1 for batch in texts[:3]]
        assert all(low <= each for low, each in zip((4, 16, MAX_LENGTH), lengths, strict=True))
        assert lengths[0] < lengths[1] < lengths[2]
        assert len(set(texts[3])) == 3
    sources = [value for each, name, value in seen if (each, name) == ("tokens", "source")]
    assert [source.dtype.name for source in sources] == ["int32"] * 4
    assert max(source.shape[1] for source in sources) <= MAX_LENGTH
    assert all((source == 3).sum(axis=1).tolist() == [1] * len(source) for source in sources)
    assert {each for each, _, _ in seen} == {"serving_default", "beam", "attention", "tokens"}


def test_every_warm_up_request_is_answered(version, tokenizer):
    write_warm_up(version, tokenizer, MAX_LENGTH)
    signatures = (loaded := tf.saved_model.load(str(version))).signatures
    for signature, name, value in requests(version):
        answer = signatures[signature](**{name: tf.constant(value)})
        assert len(answer["score"]) == len(value)
    del loaded


@pytest.mark.parametrize("length", [1, 2, 5, 64, 500])
@pytest.mark.parametrize("language", ["german", "chinese"])
def test_a_text_reaches_its_length(tokenizer, language, length):
    if language == "chinese":
        tokenizer = Tokenizer.train(["我们在房子里看见一只很大的狗", "大的狗在看我们"] * 9, 300)
    text = text_of_length(tokenizer, length)
    tokens = len(tokenizer.tokenize([text]).to_list()[0]) + 1
    assert length <= tokens <= length + 8


def test_settings_are_what_the_server_reads(tmp_path):
    write_serving_files(tmp_path, "de-en")
    config = model_server_config_pb2.ModelServerConfig()
    text = (tmp_path / "models.config").read_text()
    text_format.Parse(text, config)
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path) == ("de-en", "/models/de-en")
    assert model.model_version_policy.latest.num_versions == 1
    # What the comments offer is right, too.
    lines = [line for line in text.splitlines() if "latest {" not in line]
    offered = [re.sub(r"# ((model_version_policy|version_labels) )", r"\1", line) for line in lines]
    text_format.Parse("\n".join(offered), config := model_server_config_pb2.ModelServerConfig())
    (model,) = config.model_config_list.config
    assert model.model_version_policy.specific.versions == [1, 2]
    assert dict(model.version_labels) == {"stable": 1, "canary": 2}
    batching = (tmp_path / "batching_parameters.txt").read_text()
    settings = [line for line in batching.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z_]+ \{ value: \d+ \}", line) for line in settings)


def test_the_compose_file_names_files_that_are_there(tmp_path):
    yaml = pytest.importorskip("yaml")
    write_serving_files(tmp_path, "de-en")
    (service,) = yaml.safe_load((tmp_path / "compose.yaml").read_text())["services"].values()
    assert service["image"] == "tensorflow/serving"
    assert service["volumes"] == [".:/models/de-en:ro"]
    files = [each.partition("=")[2] for each in service["command"] if "_file=" in each]
    assert len(files) == 2
    assert all((tmp_path / Path(each).relative_to("/models/de-en")).is_file() for each in files)


def test_a_name_that_the_server_cannot_have(tmp_path):
    with pytest.raises(InputError, match="a/b: name the model with letters"):
        write_serving_files(tmp_path, "a/b")
    assert not list(tmp_path.iterdir())


def test_operators_of_functions_are_listed(version):
    names = operators(version)
    assert names == sorted(set(names))
    assert {"SentencepieceOp", "SentencepieceTokenizeOp", "While", "VarHandleOp"} <= set(names)
    assert "`SentencepieceDetokenizeOp`" in server_notes(version)


def test_plain_signatures_need_no_xla(version):
    answers = without_xla(version)
    assert answers.pop("serving_fast") is True, "a compiled signature is refused"
    assert all(isinstance(each, list) for each in answers.values()), answers


def test_the_export_itself_needs_no_xla(exported):
    """Outside compiled functions there is no operator that only XLA runs."""
    data = (exported / "1/saved_model.pb").read_bytes()
    copied = saved_model_pb2.SavedModel.FromString(data).meta_graphs[0].graph_def
    functions = {each.signature.name: each.node_def for each in copied.library.function}
    seen, waiting = set(), list(copied.node)
    while waiting:
        node = waiting.pop()
        assert not node.op.startswith("Xla"), node.name
        if "_XlaMustCompile" in node.attr:
            continue
        for value in node.attr.values():
            names = {value.func.name, *(each.name for each in value.list.func)} - seen - {""}
            seen |= names
            waiting += [each for name in names for each in functions[name]]
