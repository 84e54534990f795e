# %% [markdown]
# # 7. Serve it
#
# A model in a notebook serves nobody. An app or a colleague wants to send a sentence and get its
# translation: without our Python, at any time, many of them at once. This lesson takes a trained
# model there, and measures what it costs.
#
# **Objectives.** After this lesson you can
# - read a SavedModel: its files, its signatures, their shapes;
# - tell a SavedModel that only reloads in Python from one that any program can run;
# - start TensorFlow Serving on a model with one command, and ask it over REST and gRPC;
# - measure latency and throughput, and say what warm-up, batches and more clients do to them;
# - bring out a new version while the old one answers, and go back.
#
# **What you need:** Keras's basics; tokens, padding and masks from lesson 1; greedy decoding from
# lesson 2; attention from lesson 3; beam search from lesson 4.

# %%
import contextlib
import io
import json
import logging
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# %%
import grpc
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2, prediction_service_pb2_grpc

from s2s_keras import evaluation, export, search, training
from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.export.serving_files import operators, write_serving_files
from s2s_keras.lessons import show
from s2s_keras.report import c_api_program
from s2s_keras.serving import Client
from s2s_keras.serving.stand_in import StandIn
from s2s_keras.special_ids import PADDING

# %%
CORPUS = "grammar"  # or "multi30k" or "tatoeba"
SEED = 0
keras.utils.set_random_seed(SEED)
logging.disable(logging.WARNING)  # The stand-in of section 5 says at each start that it is one.

# %% [markdown]
# ## 1. A model to serve
#
# The package trains from a description of the layers and from settings, into a folder. Ours is a
# small recurrent model with attention, trained for less than an epoch: its answers shall be
# readable, no more. All that follows is the same for a good model.

# %%
MODEL = """
embedding_units = 128
dropout = 0.1
encoder = { type = "recurrent", units = 128 }
decoder = { type = "recurrent", units = 128 }
attention = { type = "additive", units = 128 }
training = { schedule = "cosine", learning_rate = 5e-3, warmup_steps = 30 }
"""

# %%
keep = tempfile.TemporaryDirectory()
work = Path(keep.name)
toml = work / "small.toml"
toml.write_text(MODEL)
options = {"vocab_size": 2000, "batch_tokens": 768, "max_length": 64, "max_steps": 300}
settings = training.Settings(CORPUS, "de", "en", str(toml), seed=SEED, **options)

# %% tags=["nbval-ignore-output"]
with contextlib.redirect_stderr(io.StringIO()):  # No progress bar.
    run = training.train(settings, work / "run")
print(f"BLEU {run.best['val_bleu']:.1f} on validation pairs, after {settings.max_steps} updates")
assert CORPUS != "grammar" or run.best["val_bleu"] > 20

# %%
model, tokenizer = run.model(), run.tokenizer()
print(f"{model.count_params():,} weights, {tokenizer.vocabulary_size} subwords")
GERMAN = [
    "Sie liest das Buch.",
    "Wann hat sie das Radio ausgeschaltet?",
    "Meine Großmutter hofft, dass wir gestern das schöne Meer angeschaut haben.",
]

# %% [markdown]
# ## 2. What a SavedModel is
#
# **Why.** A Keras model is weights *and* Python code. A server has no Python. So the code must
# become data, too. TensorFlow runs a function once with placeholders, and writes down every
# operation that it meets: a **graph**. A **SavedModel** is a folder with graphs and weights. What
# can be called from outside is a **signature**: a function with a name, whose inputs and outputs
# have names, types and shapes.
#
# We make one by hand: `tf.function` makes a graph of a Python function, and a `tf.TensorSpec` says
# what a placeholder holds. Ours gives a vector for a text, the mean of its tokens' embeddings
# without the padding (lesson 1). With such vectors one can look for similar sentences.
#
# $$v = \frac{\sum_j m_j \, e(x_j)}{\sum_j m_j}$$
#
# | symbol | what it is | shape |
# | --- | --- | --- |
# | $x$ | the ids of the texts | (batch, source) |
# | $m$ | the mask: 1 at a token, 0 at padding | (batch, source, 1) |
# | $e$ | the embedding layer of our model | (batch, source, 128) |
# | $v$ | the vectors | (batch, 128) |

# %%
embedding = model.source_embedding


@tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
def vectors(text):
    x = search.source_ids(text, tokenizer, max_length=64)
    m = tf.cast(x != PADDING, tf.float32)[..., tf.newaxis]
    e = embedding(x)
    return {"v": tf.reduce_sum(m * e, axis=1) / tf.reduce_sum(m, axis=1)}


# %% [markdown]
# `None` is the batch: any number of texts. The tokenizer is in the function, so the signature takes
# text. What Keras's pooling gives for the same embeddings:

# %%
v = vectors(tf.constant(GERMAN))["v"]
x = search.source_ids(tf.constant(GERMAN), tokenizer, 64)
pooled = keras.layers.GlobalAveragePooling1D()(embedding(x), mask=x != PADDING)
print("texts", len(GERMAN), " ids", x.shape, " vectors", v.shape)
np.testing.assert_allclose(v, pooled, atol=1e-5)

# %% [markdown]
# A graph only *refers* to weights and to the tokenizer. An object, a `tf.Module`, must hold them,
# so that they are saved. It seems natural to let it hold the Keras layer:


# %%
def save(name, **held):
    module = tf.Module()
    for key, value in held.items():
        setattr(module, key, value)
    path = work / name / "1"
    tf.saved_model.save(module, str(path), {"serving_default": vectors})
    return path


natural = save("natural", tokenizer=tokenizer, layer=embedding)
for each in sorted(natural.rglob("*.*")):
    print(each.relative_to(natural))

# %% [markdown]
# `saved_model.pb` has the graphs and signatures, `variables` the weights, `fingerprint.pb` a
# checksum. There is no Python in it. `serving_default` is the signature that a client gets who asks
# for none. In Python the folder reloads, and gives the same vectors:

# %%
reloaded = tf.saved_model.load(str(natural)).signatures["serving_default"]
again = reloaded(text=tf.constant(GERMAN))["v"]
np.testing.assert_allclose(again, v, atol=1e-6)
print("inputs ", reloaded.structured_input_signature[1])
print("outputs", reloaded.structured_outputs)

# %% [markdown]
# ### Often said, and wrong: "it reloads in Python, so it can be served"
#
# A server is written in C++. It opens a **session** on the graph, and knows no Python objects. It
# finds the tensors by the names that the signature gives for them, and the weights by theirs. We
# can take the same way from Python, with an old interface:


# %%
def as_a_server(path, **inputs):
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        saved = tf.compat.v1.saved_model.load(session, ["serve"], str(path))
        signature = saved.signature_def["serving_default"]
        feed = {signature.inputs[name].name: value for name, value in inputs.items()}
        wanted = {name: info.name for name, info in signature.outputs.items()}
        return session.run(wanted, feed)


# %%
try:
    as_a_server(natural, text=GERMAN)
except tf.errors.OpError as error:
    print(re.search("Could not find variable", error.message).group())
else:
    raise AssertionError("it can be served after all")

# %% [markdown]
# A layer's weight is a `keras.Variable`, a Python object with TensorFlow's variable inside.
# Python's loader puts such objects together again, the session does not: it knows graphs and files.
# So the module must hold what is inside, `.value`, and not the layer. (Keras's own `model.export`
# does the same for one function. We have several, and a tokenizer, whose file goes into `assets`.)

# %%
weights = [weight.value for weight in embedding.variables]
servable = save("servable", tokenizer=tokenizer, weights=weights)
np.testing.assert_allclose(as_a_server(servable, text=GERMAN)["v"], v, atol=1e-6)
print("a session loads it:", as_a_server(servable, text=GERMAN)["v"].shape)

# %% [markdown]
# Hence a rule: **test an export with a loader that knows no Python objects**: a session, a C
# program, the server itself.
#
# ## 3. The packaged export
#
# The package writes a whole translator in that way. `s2s-keras export RUN --output DIR` does it for
# a trained model. Here we call its two parts that a server needs, and leave out the files for
# phones (lesson 8). The folder is for several **versions** of a model; ours is number 1.

# %%
folder = work / "de-en"
translator = search.TextToText(model, tokenizer, max_length=64)
about = {"source": "de", "target": "en", "max_length": 64, "beam_size": 5}
export.write_saved_model(folder / "1", translator, beam_size=5, description=about)
write_serving_files(folder, "de-en")
for each in sorted(folder.iterdir()):
    inside = sorted(file.name for file in each.iterdir()) if each.is_dir() else []
    print(f"{each.name:24}", *inside)

# %% [markdown]
# `compose.yaml`, `models.config` and `batching_parameters.txt` are for the server. Which signatures
# does the SavedModel have? TensorFlow comes with a command that needs neither our package nor the
# model's code: `saved_model_cli show --dir DIR --tag_set serve --signature_def NAME`. (A *tag set*
# names one of several graphs for one model. Today there is one, `serve`.)

# %%
cli = [sys.executable, "-m", "tensorflow.python.tools.saved_model_cli"]
asked = ["show", "--dir", folder / "1", "--tag_set", "serve", "--signature_def", "attention"]
print(subprocess.run([*cli, *asked], capture_output=True, text=True, check=True).stdout)

# %% [markdown]
# A `-1` is a size that may change from call to call. The names at the ends of the blocks are those
# of the graph's tensors. They are what `as_a_server` looked up. Now all signatures in short:

# %%
loaded = tf.saved_model.load(str(folder / "1"))


for name, signature in sorted(loaded.signatures.items()):
    ((given, spec),) = signature.structured_input_signature[1].items()
    print(f"{name} takes {given} {spec.dtype.name} {spec.shape}, gives")
    for output, spec in sorted(signature.structured_outputs.items()):
        print(f"    {output:14} {spec.dtype.name:8} {spec.shape}")

# %% [markdown]
# | signature | what it does |
# | --- | --- |
# | `serving_default` | text to text, greedily; `score` is the logarithm of the probability |
# | `beam` | the same with a beam search, five wide |
# | `serving_fast`, `beam_fast` | their twins, compiled for the processor (section 6) |
# | `attention` | text to text, and where the decoder looked; padding: an empty token, weights 0 |
# | `tokens` | ids to ids, for programs that have a tokenizer of their own |

# %% tags=["nbval-ignore-output"]
answer = loaded.signatures["serving_default"](text=tf.constant(GERMAN))
in_python = [text.decode() for text in answer["text"].numpy()]
for german, english, score in zip(GERMAN, in_python, answer["score"].numpy(), strict=True):
    print(f"{german}\n    {english}    (score {score:.2f})")
assert answer["text"].shape == answer["score"].shape == (len(GERMAN),)

# %% [markdown]
# ### Often said, and wrong: "before the model there must be some Python for the text"
#
# Where the graph begins with ids, yes: somebody must make the ids, with the same tokenizer, in the
# language of every client. Here the graph begins with text. The tokenizer's operations are in it:

# %%
print([name for name in operators(folder / "1") if name.startswith("Sentencepiece")])
untidy = tf.constant(["  Sie liest das Buch.\n"])
answer = loaded.signatures["serving_default"](text=untidy)
assert answer["text"].numpy()[0].decode() == in_python[0]

# %% [markdown]
# The graph also strips white space at both ends, which the tokenizer alone would keep. A program
# that calls `tokens`, or a `.tflite` file, has to do that itself.
#
# All that has one price. These operations belong to TensorFlow Text, and a program that runs the
# model must have that library. TensorFlow Serving does.
#
# ## 4. A program without Python
#
# The package has one in C, for lines of text. It builds against the TensorFlow that is installed
# here. These are the calls that do the work: load the operations of TensorFlow Text, open a session
# on the SavedModel, find the tensors of a signature in its graph (that function stands higher up in
# the file), run.

# %%
program_text = (c_api_program.SOURCE_FOLDER / "translate.c").read_text()
calls = re.findall(r"TF_(?:LoadLibrary|LoadSession\w+|GraphOper\w+|SessionRun)(?=\()", program_text)
print(len(program_text.splitlines()), "lines with", ", ".join(dict.fromkeys(calls)))

# %% [markdown]
# The next cell compiles it and runs it. Where there is no C compiler, it says so.

# %% tags=["nbval-ignore-output"]
obstacle = c_api_program.obstacle()
if obstacle:
    print("not run here:", obstacle)
else:
    program = c_api_program.build(work)
    in_c = c_api_program.run(program, folder / "1", GERMAN)
    print("in C:", *in_c, sep="\n    ")
    assert in_c == in_python

# %% [markdown]
# ## 5. A server, and a client
#
# A **server** is a program that waits for **requests** over a network and answers them. A
# **client** sends them. TensorFlow Serving is such a server, in C++, for SavedModels. One command
# starts it on our folder:
#
# ```console
# $ cd de-en && docker compose up
# ```
#
# `docker` runs a program in a box with all that it needs, here TensorFlow's official image. The
# file `compose.yaml`, which the package wrote, says how. (A **port** is a number by which a machine
# tells its services apart: 8500 is for gRPC, 8501 for REST, both below.)


# %%
def settings_in(name):
    lines = (folder / name).read_text().splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


print(settings_in("compose.yaml"))

# %% [markdown]
# **This command was not run here.** Where these lessons are built there is no Docker. What was run
# is a *stand-in*: a small Python server of this package, asked through real ports of this machine.
# It speaks the messages of TensorFlow Serving and loads the model in a session, as in section 2. It
# is for tests and for trying things out. The client below is the same for both: only the address
# changes. The times are the stand-in's.

# %%
server = StandIn(folder, "de-en")
client = Client(server.grpc_address, "de-en")
print(re.sub(r"\d+$", "PORT", server.rest_address), re.sub(r"\d+$", "PORT", server.grpc_address))
print(client.status())
assert client.status() == {1: "AVAILABLE"}

# %% [markdown]
# ### REST, by hand
#
# There are two interfaces. **REST** sends text, in JSON, with HTTP, as a browser does. So any
# language can speak it, and so can a command line: `curl -d '{"inputs": ["Ja."]}'
# http://localhost:8501/v1/models/de-en:predict`. The model's name stands in the address, the
# signature and its inputs in the message.

# %%
url = f"{server.rest_address}/v1/models/de-en:predict"
message = {"signature_name": "serving_default", "inputs": {"text": GERMAN}}
with urllib.request.urlopen(url, json.dumps(message).encode()) as response:
    over_rest = json.load(response)
for name, values in sorted(over_rest["outputs"].items()):
    print(name, type(values[0]).__name__, len(values))
assert over_rest["outputs"]["text"] == in_python

# %% [markdown]
# ### gRPC, by hand
#
# **gRPC** sends binary messages (*Protocol Buffers*) over a connection that stays open. Their
# fields are fixed in files from which code for many languages is made; the package
# `tensorflow-serving-api` has it for Python. A tensor travels with its type and shape.

# %%
channel = grpc.insecure_channel(server.grpc_address.removeprefix("grpc://"))
stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)


def request_of(texts, signature="serving_default", label=""):
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = "de-en", signature
    request.model_spec.version_label = label  # Section 9.
    request.inputs["text"].CopyFrom(tf.make_tensor_proto(texts))
    return request


# %%
over_grpc = stub.Predict(request_of(GERMAN), timeout=30)
for name, tensor in sorted(over_grpc.outputs.items()):
    print(name, tf.make_ndarray(tensor).dtype, tf.make_ndarray(tensor).shape)
print("version", over_grpc.model_spec.version.value)
assert [text.decode() for text in over_grpc.outputs["text"].string_val] == in_python

# %% [markdown]
# ### The packaged client
#
# `Client` does either, by the address that it is given: `http://` or `grpc://`. All three ways give
# the same translations, and the same scores.

# %%
rest = Client(server.rest_address, "de-en")
assert [each.text for each in rest.translate(GERMAN)] == in_python
assert rest.translate(GERMAN) == client.translate(GERMAN)
scores = [each.score for each in client.translate(GERMAN)]
np.testing.assert_allclose(scores, over_rest["outputs"]["score"], rtol=1e-5)
np.testing.assert_allclose(scores, tf.make_ndarray(over_grpc.outputs["score"]), rtol=1e-5)

# %% [markdown]
# `predict` calls any signature. Are the arrays the same over both interfaces? JSON does not tell an
# int32 from a float32, nor what shape an empty array had, so the client must make them again.

# %%
by_grpc, by_rest = (each.predict("attention", text=GERMAN) for each in (client, rest))
for name, array in sorted(by_grpc.items()):
    print(f"{name:14}{array.ndim} axes, {array.dtype}")
    assert by_rest[name].shape == array.shape and by_rest[name].dtype == array.dtype
batch, target, source = by_grpc["weights"].shape
assert by_grpc["source_tokens"].shape == (batch, source) == x.shape
assert by_grpc["output_tokens"].shape == (batch, target)

# %% [markdown]
# The weights came over the network. Drawn, they are a heat map as in lesson 3:

# %%
row = {name: array[1] for name, array in by_grpc.items()}
figure = evaluation.attention_figure(row["weights"], row["source_tokens"], row["output_tokens"])
figure.set_layout_engine("none")
show(figure, f"Weights of each token written, over the tokens of: {GERMAN[1]}")

# %% [markdown]
# `tokens` is for programs with a tokenizer of their own. They make ids, with the end token and
# padding, and make text of the ids that come back:

# %%
ids = client.predict("tokens", source=x.numpy())["tokens"]
print(x.shape, "ids sent, of type", ids.dtype, "received")
assert [text.decode() for text in tokenizer.detokenize(ids).numpy()] == in_python

# %% [markdown]
# ### What the way costs
#
# **Latency** is the time from a request to its answer, as the client sees it. We compare both
# interfaces with a call of the signature in this process, where nothing travels. They are asked in
# turns, so that a disturbance hits all alike, and the fastest call is the one disturbed least.


# %%
def milliseconds(repeats, call, *arguments, **options):
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call(*arguments, **options)
        times.append(1000 * (time.perf_counter() - began))
    return np.array(times)


# %% tags=["nbval-ignore-output"]
one = GERMAN[:1]
direct = loaded.signatures["serving_default"]
ways = {
    "REST": lambda: rest.translate(one),
    "gRPC": lambda: client.translate(one),
    "no server": lambda: direct(text=tf.constant(one)),
}
rounds = [[milliseconds(1, way).item() for way in ways.values()] for _ in range(40)]
for name, times in zip(ways, np.transpose(rounds), strict=True):
    print(f"{name:10} fastest {times.min():5.1f} ms, median {np.median(times):5.1f} ms")

# %% tags=["nbval-ignore-output"]
message["signature_name"] = "attention"
with urllib.request.urlopen(url, json.dumps(message).encode()) as response:
    as_json = len(response.read())
as_protobuf = stub.Predict(request_of(GERMAN, "attention"), timeout=30).ByteSize()
print(f"answer of attention: {as_json:,} bytes over REST, {as_protobuf:,} over gRPC")
assert as_json > as_protobuf

# %% [markdown]
# The way costs less than the answer, over either interface, and gRPC's messages are the smaller
# ones where there are many numbers. The larger the model, the less the way matters.
#
# ### What can go wrong
#
# A network fails now and then, and a server may be busy. The client then asks again, after a short
# wait that doubles each time. It may: to translate twice does no harm. (To *pay* twice would.) It
# does not repeat what the server refuses. And no call lasts longer than its **deadline**, in
# seconds. Each failure ends in one clear line:


# %%
def failure(address=server.grpc_address, deadline=30, tries=4, **which):
    try:
        Client(address, "de-en", deadline, tries).translate(GERMAN, **which)
    except InputError as error:
        print("-", str(error).replace(address, "SERVER"))


failure(signature="polite")
failure(version=7)
failure(deadline=0.001)
failure(address="http://127.0.0.1:9", tries=2)

# %% [markdown]
# ### The same with a good model
#
# `saved_models/de-en-transformer` was trained on captions of pictures, and for longer. Serving it
# takes no other line.

# %%
reference = Path("../saved_models/de-en-transformer")
CAPTIONS = ["Zwei Hunde spielen im Schnee.", "Eine Frau liest ein Buch in einem Park."]
with StandIn(reference, "good") as good_server:
    good = Client(good_server.grpc_address, "good").translate(CAPTIONS, "beam")
for german, (english, _) in zip(CAPTIONS, good, strict=True):
    print(f"{german}\n    {english}")

# %% [markdown]
# ## 6. Warm-up
#
# **Why.** At the first run of a signature TensorFlow simplifies its graph, chooses code for each
# operation and takes memory. Somebody has to wait for that. Let it be nobody: beside the graph lies
# a file with requests. The server runs them when it loads a version, *before* it announces it.

# %%
WARM_UP = "assets.extra/tf_serving_warmup_requests"


def warm_up_requests(path):
    for record in tf.data.TFRecordDataset(str(path / WARM_UP)).as_numpy_iterator():
        yield prediction_log_pb2.PredictionLog.FromString(record).predict_log.request


shapes = {}
for request in warm_up_requests(folder / "1"):
    (tensor,) = request.inputs.values()
    shapes.setdefault(request.model_spec.signature_name, []).append(tf.make_ndarray(tensor).shape)
for name, sent in shapes.items():
    print(f"{name:16}", *sent)

# %% [markdown]
# Short, middling and long texts, alone and together, for each signature that runs on every server.
# To see what that does we start a second server, with a copy of our model that lacks the file. Then
# we ask both for `beam`. Nobody has asked them for that yet.

# %%
without = shutil.ignore_patterns(Path(WARM_UP).name)
shutil.copytree(folder / "1", work / "cold" / "1", ignore=without)
latencies = {"with warm-up": milliseconds(8, client.translate, one, "beam")}
with StandIn(work / "cold", "de-en") as cold_server:
    cold = Client(cold_server.grpc_address, "de-en")
    latencies["without"] = milliseconds(8, cold.translate, one, "beam")
first, *later = latencies["without"]
assert first > 5 * np.median(later) and first > latencies["with warm-up"][0]

# %%
figure, axes = plt.subplots(figsize=(6, 2.8))
for name, values in latencies.items():
    axes.plot(range(1, 9), values, label=name)
axes.set(yscale="log", xlabel="request", ylabel="milliseconds")
axes.legend()
show(
    figure,
    "Latency of the first eight requests, on a logarithmic axis. Without warm-up the first one "
    "takes far longer than all that follow; with warm-up they are alike.",
)

# %% tags=["nbval-ignore-output"]
for name, values in latencies.items():
    print(f"{name:13}", *(f"{value:7.1f}" for value in values), "ms")

# %% [markdown]
# ### Often said, and wrong: "the first request tells the latency"
#
# You see why not. Nor does *one* later request: a longer translation takes more steps of the
# decoder. So latency is a distribution. One gives its **median** (half of the requests are faster)
# and a high **percentile**: 99 of 100 requests are faster than **p99**, and the hundredth is a
# client, too.

# %%
corpus = load_corpus(CORPUS, "de", "en")
test = corpus.split(corpus.split_names[2])  # The first test split.
texts, english = (list(side) for side in zip(*test, strict=True))
some = texts[:60]
rounds = [[milliseconds(1, client.translate, [text]).item() for text in some] for _ in range(4)]
times = np.min(rounds, axis=0)  # The way from length to time, without what disturbs.
ids = tokenizer.tokenize([each.text for each in client.translate(some)])
tokens = ids.row_lengths().numpy() + 1
assert np.corrcoef(tokens, times)[0, 1] > 0

# %%
figure, axes = plt.subplots(figsize=(6, 2.8))
axes.plot(tokens, times, "o", color="0.3", alpha=0.6)
for name, style in (("p50", "-"), ("p99", "--")):
    height = np.percentile(rounds, int(name[1:]))  # Of all requests, the disturbed ones too.
    axes.axhline(height, color="black", linestyle=style, marker="", label=name)
axes.set(xlabel="tokens written", ylabel="milliseconds", ylim=0)
axes.legend()
show(
    figure,
    "Latency of sixty sentences by the number of tokens written: it rises with them. Lines mark "
    "the median and p99.",
)

# %% tags=["nbval-ignore-output"]
fewest, most = tokens.min(), tokens.max()
for count in (fewest, most):
    print(f"{count:2} tokens: {np.mean(times[tokens == count]):.1f} ms")
print("p50 {:.1f} ms, p99 {:.1f} ms".format(*np.percentile(rounds, [50, 99])))

# %% [markdown]
# ### The compiled twins
#
# `serving_fast` and `beam_fast` do what `serving_default` and `beam` do, but **XLA** compiles them:
# it writes machine code for the whole loop. That takes seconds, at the first request, and again for
# some new shapes. Afterwards a request is faster. TensorFlow Serving refuses them unless it was
# started with XLA: the last line of `compose.yaml` shows how. The stand-in has it on.

# %% tags=["nbval-ignore-output"]
fast = milliseconds(20, client.translate, one, "serving_fast")
plain = milliseconds(20, client.translate, one)
print(f"compiled: first {fast[0]:.0f} ms, then {np.median(fast[1:]):.1f} ms")
print(f"plain:    {np.median(plain):.1f} ms")
assert client.translate(one, "serving_fast")[0].text == client.translate(one)[0].text
assert fast[0] > 5 * np.median(fast[1:])

# %% [markdown]
# ## 7. Batches
#
# **Why.** Each step of the decoder has a price that does not depend on how many texts take it: its
# operations must be started. Several texts in one request share it. **Throughput** is how many
# texts are answered in a second.
#
# $$t(B) = t_0 + t_1 B \qquad X(B) = \frac{B}{t(B)}$$
#
# | symbol | what it is |
# | --- | --- |
# | $B$ | texts in a request |
# | $t(B)$ | its latency, in seconds |
# | $t_0$, $t_1$ | what is paid once a request, and once a text |
# | $X(B)$ | throughput, in texts a second; for large $B$ it approaches $1 / t_1$ |
#
# We measure $t(B)$ with sentences of about the same length, and fit the straight line. Other
# programs use the processors, too; so we go round several times, and keep the best of each.

# %%
short = sorted(texts, key=len)[:64]
B = 2 ** np.arange(7)
rounds = [[milliseconds(1, client.translate, short[:b]).item() for b in B] for _ in range(8)]
t = np.min(rounds, axis=0) / 1000
t_1, t_0 = np.polyfit(B, t, 1)
X = B / t
assert X[-1] > 1.5 * X[0] and t[-1] > t[0]

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8))
left.plot(B, X)
left.set(xlabel="texts in a request, $B$", ylabel="texts a second, $X$", ylim=0)
right.plot(B, 1000 * t, label="measured")
right.plot(B, 1000 * (t_0 + t_1 * B), marker="", label="$t_0 + t_1 B$")
right.set(xlabel="texts in a request, $B$", ylabel="milliseconds, $t$", ylim=0)
right.legend()
show(
    figure,
    "Left: throughput rises with the number of texts in a request, steeply at first. Right: "
    "latency rises too, steeply at first, then near a straight line.",
)

# %% tags=["nbval-ignore-output"]
for texts_of_one, latency, throughput in zip(B, 1000 * t, X, strict=True):
    print(f"B = {texts_of_one:2}: {latency:6.1f} ms, {throughput:5.0f} texts a second")
print(f"t_0 = {1000 * t_0:.1f} ms, t_1 = {1000 * t_1:.2f} ms")

# %% [markdown]
# The line sums up the whole range. It is no law: the first texts of a request may cost more than
# $t_1$ each, and one text alone less than $t_0$.
#
# The translations do not depend on the batch. Padding is masked, so a text gets in a batch what it
# gets alone:

# %%
alone = [client.translate([text])[0].text for text in short[:16] + some[:4]]
together = [each.text for each in client.translate(short[:16] + some[:4])]
assert alone == together
print(len(together), "texts: the same translations alone and together")

# %% [markdown]
# ### Often said, and wrong: "a bigger batch is free"
#
# The right picture says what it costs: a text of a request waits for all the others. Here is one
# short sentence in different company.

# %% tags=["nbval-ignore-output"]
company = {"alone": [], "with the longest": [max(texts, key=len)], "with 63 short ones": short[1:]}
fastest = {}
for name, others in company.items():
    fastest[name] = milliseconds(7, client.translate, [short[0], *others]).min()
    print(f"{name:20}{fastest[name]:6.1f} ms")
assert fastest["alone"] == min(fastest.values())

# %% [markdown]
# A user sends one sentence, not 64. So a server makes the batches: it lets a request wait for a
# moment, and answers it together with those that come meanwhile. TensorFlow Serving does that. The
# stand-in does not, so we only read the settings for it:

# %%
print(settings_in("batching_parameters.txt"))

# %% [markdown]
# The second line is the trade: a little of one user's time for the throughput of all.
#
# ## 8. Many clients
#
# How many users can a server take? Let $N$ clients ask without a pause: each sends its next request
# as soon as it has its answer. Little's law ties three numbers together, whatever the server is:
#
# $$N = X R$$
#
# | symbol | what it is |
# | --- | --- |
# | $N$ | clients that wait for an answer |
# | $X$ | throughput, in requests a second |
# | $R$ | mean latency, in seconds |


# %%
def ask_as(N, requests):
    def seconds(text):
        return milliseconds(1, client.translate, [text]).item() / 1000

    began = time.perf_counter()
    with ThreadPoolExecutor(N) as clients:
        latencies = list(clients.map(seconds, requests))
    return len(requests) / (time.perf_counter() - began), np.array(latencies)


# %%
numbers, throughputs, means, waits = (1, 2, 4, 8, 16), [], [], []
for N in numbers:
    X, latencies = ask_as(N, texts[:160])
    R = latencies.mean()
    assert 0.6 * N < X * R < 1.1 * N
    throughputs.append(X)
    means.append(R)
    waits.append([1000 * np.percentile(latencies, share) for share in (50, 99)])

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8))
left.plot(numbers, throughputs)
left.set(xlabel="clients, $N$", ylabel="requests a second, $X$", ylim=0, xticks=numbers)
for name, values in zip(("median", "p99"), zip(*waits, strict=True), strict=True):
    right.plot(numbers, values, label=name)
right.set(xlabel="clients, $N$", ylabel="milliseconds", ylim=0, xticks=numbers)
right.legend()
show(
    figure,
    "Left: throughput soon stops rising with the number of clients. Right: median and p99 of the "
    "latency go on rising.",
)

# %% tags=["nbval-ignore-output"]
for N, X, R, (median, p99) in zip(numbers, throughputs, means, waits, strict=True):
    print(f"N = {N:2}: X = {X:4.0f} a second, R = {1000 * R:5.1f} ms, X R = {X * R:4.1f};", end=" ")
    print(f"median {median:5.1f} ms, p99 {p99:5.1f} ms")

# %% [markdown]
# Once the processor has all that it can do, $X$ rises no more. (Here it may even fall again: server
# and clients share one processor and one Python process, and more of them take turns.) From there
# on every further client only makes all of them wait: $R = N / X$. That is the point to add a
# server, or to batch.
#
# ## 9. Versions, and the way back
#
# **Why.** A new model may be worse where nobody has looked. So it should come out beside the old
# one, and the way back should be short.
#
# Our version 2 shall search with a beam when a client asks for the default. It needs no training
# and no model code. The functions are all there; a signature is a name for one of them.

# %%
beam_first = {
    "serving_default": loaded.signatures["beam"],
    "greedy": loaded.signatures["serving_default"],
}
tf.saved_model.save(loaded, str(folder / "2"), beam_first)

# %% [markdown]
# Its warm-up file gets those requests of the old one that it can answer:

# %%
(folder / "2" / WARM_UP).parent.mkdir()
with tf.io.TFRecordWriter(str(folder / "2" / WARM_UP)) as file:
    for request in warm_up_requests(folder / "1"):
        if request.model_spec.signature_name == "serving_default":
            log = prediction_log_pb2.PredictionLog()
            log.predict_log.request.CopyFrom(request)
            file.write(log.SerializeToString())
print(len(list(warm_up_requests(folder / "2"))), "requests")

# %% [markdown]
# Clients should not know numbers. A **label** is a name for a version, and the server's owner moves
# it. Three clients ask for `stable`, without a pause. An answer over gRPC tells which version gave
# it.

# %%
server.set_label("stable", 1)
answers, stop = [], threading.Event()


def keep_asking(number):
    request = request_of(some[number : number + 1], label="stable")
    while not stop.is_set():
        began = time.perf_counter()
        version = stub.Predict(request, timeout=30).model_spec.version.value
        answers.append((began, 1000 * (time.perf_counter() - began), version))


# %% [markdown]
# Meanwhile we load version 2, move the label to it, and after a second move it back.

# %%
moments = {}


def change_versions():
    server.load(2)
    for version in (2, 1):
        moments[f"stable is {version}"] = time.perf_counter()
        server.set_label("stable", version)
        time.sleep(1)


# %%
with ThreadPoolExecutor(3) as threads:
    asking = [threads.submit(keep_asking, number) for number in range(3)]
    try:
        change_versions()
    finally:
        stop.set()
for each in asking:
    each.result()  # It would raise what a request has raised.
answers.sort()
print("no request failed; versions that answered:", sorted({version for *_, version in answers}))
assert answers[0][2] == answers[-1][2] == 1

# %% tags=["cover"]
figure, axes = plt.subplots(figsize=(8, 2.8))
start = moments["stable is 2"]
for version, marker, color in ((1, "o", "0.6"), (2, "^", "black")):
    points = [(began - start, took) for began, took, by in answers if by == version]
    axes.plot(*zip(*points, strict=True), marker, color=color, label=f"version {version}")
for name, moment in moments.items():
    axes.axvline(moment - start, color="0.8", linestyle="--", marker="", zorder=0)
    axes.text(moment - start, 1, f" {name}", transform=axes.get_xaxis_transform())
axes.set(yscale="log", xlabel="seconds", ylabel="milliseconds", xlim=(-3, 2))
axes.legend(bbox_to_anchor=(1, 1))
show(
    figure,
    "Latency of each request over time: version 1 answers while version 2 is loaded, then version "
    "2 until the label goes back, then version 1 again. No gap, and no peak after a switch.",
)

# %% [markdown]
# Nobody was refused, and nobody waited for the first run of version 2: it was warmed up before it
# was asked. The way back took no longer than to move a name, since version 1 was still there.
#
# TensorFlow Serving keeps the newest version alone, as shipped: it lets version 1 go once 2 is
# ready. Who wants labels and a way back changes `models.config` to the lines behind `#` first, and
# copies in `2` then. The server reads the file again every 30 seconds:

# %%
print(settings_in("models.config"))

# %% [markdown]
# ### Often said, and wrong: "who names no version keeps the one that he had"
#
# Who names none gets the **newest** that is loaded. For such clients the model changed when version
# 2 was ready, before anyone had looked at it:

# %%
print(sorted(client.status().items()))
newest, second = client.translate(some), client.translate(some, version=2)
assert newest == second
assert client.translate(some, label="stable") == client.translate(some, version=1)

# %% [markdown]
# Was version 2 worth it? Both are loaded, so we can compare:

# %% tags=["nbval-ignore-output"]
fastest = []
for version in (1, 2):
    given = [each.text for each in client.translate(texts[:200], version=version)]
    bleu = evaluation.score(given, english[:200])["bleu"]
    times = milliseconds(20, client.translate, GERMAN, version=version)
    print(f"version {version}: BLEU {bleu:.1f}, median {np.median(times):.1f} ms")
    fastest.append(times.min())
assert fastest[1] > fastest[0]
for version in (1, 2):
    times = [took for _, took, by in answers if by == version]
    print(f"with three clients: version {version}: median {np.median(times):.1f} ms")

# %% [markdown]
# Its translations are better, and each takes longer. How much longer depends on who else asks:
# alone, a client waits for its own search. In the figure above three shared the processor, and each
# waited for the others' wider searches too.

# %% [markdown]
# ## Summary
#
# - A SavedModel is graphs and weights without code. A signature names a function, its tensors,
#   their types and shapes.
# - That it reloads in Python proves little. Load it as a server does, or in C.
# - With the tokenizer in the graph, text goes in and text comes out, and no client needs more.
# - REST and gRPC give the same answers. Deadlines, and repeats where they do no harm, belong into
#   the client.
# - Latency is a distribution: by length, by load, and with a first request that warm-up requests
#   must take.
# - Batches raise throughput and latency both. More clients than the server can work for raise
#   latency alone.
# - A new version is loaded and warmed up beside the old one. Labels decide who gets it, and lead
#   back.
#
# ## Exercises
#
# **1.** REST has a second form, by row: in place of `"inputs"` it has `"instances"`, a list with a
# dictionary for each text, such as `{"text": "Ja."}`. The answer then has `"predictions"`, a list
# too. Ask for `attention` in that form, and show that the weights of every token written have the
# sum 1. (Version 2 has other signatures. `/versions/1` behind the model's name chooses a version.)

# %% tags=["solution"]
# Solution 1
url = f"{server.rest_address}/v1/models/de-en/versions/1:predict"
message = {"signature_name": "attention", "instances": [{"text": text} for text in GERMAN]}
with urllib.request.urlopen(url, json.dumps(message).encode()) as response:
    predictions = json.load(response)["predictions"]
print(len(predictions), sorted(predictions[0]))
for prediction in predictions:
    is_token = np.array(prediction["output_tokens"]) != ""
    sums = np.sum(prediction["weights"], axis=1)
    assert np.allclose(sums[is_token], 1, atol=1e-4) and not sums[~is_token].any()

# %% [markdown]
# **2.** A file has many sentences, and the client shall send a few in each request. Write
# `translate_all(texts, size)`: it sends requests of `size` texts, such that long ones hold up few
# others, and returns the translations in the order of `texts`.


# %% tags=["solution"]
# Solution 2
def translate_all(texts, size):
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    translations = {}
    for first in range(0, len(order), size):
        indices = order[first : first + size]
        answers = client.translate([texts[index] for index in indices])
        translations.update(zip(indices, answers, strict=True))
    return [translations[index].text for index in range(len(texts))]


assert translate_all(texts[:100], 16) == [each.text for each in client.translate(texts[:100])]

# %% [markdown]
# **3.** A *canary* is a version that a few users get before all others. Write `label_of(user)`. It
# gives `"canary"` for a tenth of all users and `"stable"` for the rest, and for one user always the
# same. Count ten thousand users. Then give the label to version 2, and ask over gRPC as ten users.
# (`zlib.crc32` makes a number out of bytes.)


# %% tags=["solution"]
# Solution 3
def label_of(user):
    return "canary" if zlib.crc32(user.encode()) % 10 == 0 else "stable"


labels = [label_of(f"user {number}") for number in range(10_000)]
assert 0.08 < labels.count("canary") / len(labels) < 0.12
server.set_label("canary", 2)
for label in labels[:10]:
    spec = stub.Predict(request_of(GERMAN, label=label), timeout=30).model_spec
    assert spec.version.value == {"stable": 1, "canary": 2}[label]
print(labels.count("canary"), "of", len(labels), "users get version 2")

# %% [markdown]
# ## What comes next
#
# Not every model needs a server. Lesson 8 brings this one to where the user is: to a phone, without
# a network, and into a web page. But first we close what we have opened.

# %%
channel.close()
server.close()
