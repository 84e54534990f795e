"""What TensorFlow Serving reads beside a SavedModel: a warm-up file, settings, a compose file."""

import itertools
import re
from pathlib import Path

import tensorflow as tf

from s2s_keras.errors import InputError
from s2s_keras.export.saved_graphs import nodes_of, read_graphs
from s2s_keras.files import write_atomically
from s2s_keras.search import source_ids

WARM_UP_FILE = Path("assets.extra") / "tf_serving_warmup_requests"
# A server without XLA could not answer for the others, and would then not load the model.
TEXT_SIGNATURES = ("serving_default", "beam", "attention")
# A sequence's tokens, end token included: the sequences of one request each, and of one for all.
_LENGTHS = (4, 16, 64)
_BATCH = 8

_MODELS_CONFIG = """\
# What TensorFlow Serving serves. compose.yaml has the server read this file again every 30 seconds.
# It is yours to change: an export of another version leaves it as it is.
model_config_list {
  config {
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
    # The newest version. A new one is loaded and warmed up before the old one is let go.
    model_version_policy { latest { num_versions: 1 } }
    # Two versions at once, under names that clients ask for in place of numbers: put this in place
    # of the line above. To go back, give "stable" the number of the older version.
    # model_version_policy { specific { versions: 1 versions: 2 } }
    # version_labels { key: "stable" value: 1 }
    # version_labels { key: "canary" value: 2 }
  }
}
"""

_BATCHING = """\
# Requests that wait for a processor are answered together, up to so many texts. For 2 to 4 cores.
# A request of more is refused: send it in parts.
max_batch_size { value: 128 }
# How long the first request of a batch waits for others.
batch_timeout_micros { value: 2000 }
# Batches at work at once: as many as there are cores.
num_batch_threads { value: 2 }
# Beyond so many waiting batches a request is refused (UNAVAILABLE, 503): the client tries again.
max_enqueued_batches { value: 100 }
# No pad_variable_length_inputs: texts need none, and it would fill up the ids of `tokens` with a
# row's first id. So clients that call `tokens` at once send rows of one width, 0 after the end. A
# number there that is no id fails the requests of its whole batch.
# No allowed_batch_sizes: every size is served, and filling up to one would be wasted work.
# No enable_large_batch_splitting: the parts' `weights` and `tokens` would have different widths.
"""

_COMPOSE = """\
# docker compose up: this folder in TensorFlow Serving's image, REST on 8501, gRPC on 8500.
# The same for a .tflite file: ids in and out, no text, and its first signature alone:
# docker run --rm -p 8501:8501 -e MODEL_NAME={name} -v ./litert/int8.tflite:/models/{name}/1/\
model.tflite:ro tensorflow/serving --prefer_tflite_model=true
services:
  serving:
    image: tensorflow/serving
    ports:
      - "8500:8500"
      - "8501:8501"
    volumes:
      - ".:/models/{name}:ro"
    command:
      - --model_config_file=/models/{name}/models.config
      - --model_config_file_poll_wait_seconds=30
      - --allow_version_labels_for_unavailable_models=true
      - --enable_batching=true
      - --batching_parameters_file=/models/{name}/batching_parameters.txt
      # serving_fast and beam_fast need XLA, which TensorFlow Serving leaves off:
      # - --xla_cpu_compilation_enabled=true
"""

_FILES = {
    "models.config": _MODELS_CONFIG,
    "batching_parameters.txt": _BATCHING,
    "compose.yaml": _COMPOSE,
}


def write_serving_files(folder, name):
    """Writes those of `models.config`, `batching_parameters.txt` and `compose.yaml` that lack.

    Whoever serves a model changes them, such as for two versions at once, and a server reads them
    again while it runs.

    Args:
        folder: the exported folder, which holds the version folders.
        name: what the server shall call the model: letters, digits, `.`, `_` and `-`.

    Raises:
        InputError: if the name holds anything else.
    """
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise InputError(f"{name}: name the model with letters, digits, '.', '_' and '-' alone")
    for file, text in _FILES.items():
        if not (path := Path(folder) / file).exists():
            write_atomically(path, text.replace("{name}", name).encode())


def write_warm_up(folder, tokenizer, max_length):
    """Writes requests that TensorFlow Serving runs when it loads a version.

    So the first client does not wait for what a server prepares at its first request. There is a
    request for a short, a middling and a long text, and for a batch of mixed lengths, for every
    signature that needs no XLA.

    Args:
        folder: the version's folder.
        tokenizer: the model's `Tokenizer`.
        max_length: the most tokens of a source, end token included.
    """
    texts = [text_of_length(tokenizer, min(length, max_length)) for length in _LENGTHS]
    mixed = list(itertools.islice(itertools.cycle(texts), _BATCH))
    path = Path(folder) / WARM_UP_FILE
    path.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(path)) as writer:
        for batch in (*([text] for text in texts), mixed):
            text = tf.constant(batch)
            for signature in TEXT_SIGNATURES:
                writer.write(_prediction_log(signature, "text", text))
            source = source_ids(text, tokenizer, max_length)
            writer.write(_prediction_log("tokens", "source", source))


def text_of_length(tokenizer, length):
    """A text that the tokenizer splits into at least so many tokens, end token included.

    It is made of the tokenizer's own pieces, so it is in the language that the model reads.
    """
    pieces = enumerate(tokenizer.pieces(range(tokenizer.vocabulary_size)))
    # The pieces of single bytes and the special ones look like "<0x41>" and "<s>".
    learned = [[index] for index, piece in pieces if not piece.startswith("<")][:length]
    words = tokenizer.detokenize(learned).numpy()
    words = [word.strip() for word in words if word.strip()] or [b"a"]
    counts = tokenizer.tokenize(words).row_lengths().numpy()
    text, tokens = [], 1
    for word, count in itertools.cycle(zip(words, counts, strict=True)):
        if tokens >= length:
            return b" ".join(text)
        text.append(word)
        tokens += int(count)


def operators(folder):
    """The names of the operators in a SavedModel's graph and in all of its functions.

    Args:
        folder: the version's folder.

    Returns:
        A sorted list.
    """
    graphs = read_graphs(Path(folder))
    return sorted({node.op for graph in graphs for node in nodes_of(graph)})


def server_notes(folder):
    """What a server must have to run a version, in Markdown.

    Args:
        folder: the version's folder.
    """
    names = operators(folder)
    from_text = [f"`{name}`" for name in names if name.startswith("Sentencepiece")]
    return f"""\
The SavedModel uses {len(names)} operators. {len(from_text)} are TensorFlow Text's, which the \
official images of TensorFlow
Serving hold: {", ".join(from_text)}.
They came with release 2.2 ([serving#1490](https://github.com/tensorflow/serving/issues/1490)). \
The oldest release
that such a model was tried for is 2.12: TensorFlow 2.12.1 with TensorFlow Text 2.12.1, the one in \
the releases up to
2.18 ([serving#4057](https://github.com/tensorflow/serving/pull/4057)), gave the same texts \
through TensorFlow's C API.
"""


def _prediction_log(signature, name, tensor):
    """A `PredictionLog` of TensorFlow Serving, as bytes.

    Three messages around a tensor are not worth a package that pins TensorFlow's version. The
    numbers are those of the fields in prediction_log.proto, predict.proto and model.proto.
    """
    proto = tf.make_tensor_proto(tensor.numpy()).SerializeToString()
    model_spec = _field(3, signature.encode())
    entry = _field(1, name.encode()) + _field(2, proto)
    request = _field(1, model_spec) + _field(2, entry)
    return _field(6, _field(1, request))


def _field(number, data):
    """A field of a message that holds bytes, text or another message."""
    length, varint = len(data), bytearray()
    while length > 0x7F:
        varint.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *varint, length]) + data
