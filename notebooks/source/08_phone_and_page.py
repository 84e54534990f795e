# %% [markdown]
# # 8. On the phone and in the page
#
# Lesson 7 put a translator on a server. This one leaves the server out. The model goes to where the
# text is: into an app, or into a web page. What is typed there stays there, and no network is
# needed. The runtime that makes it possible is **LiteRT**, until 2024 called TensorFlow Lite.
#
# **Objectives.** After this lesson you can
# - convert a translator to a `.tflite` file, and say what must not be in it and why;
# - read from a file which operators it needs, those in the bodies of its loops included;
# - quantise a matrix to eight bits by hand, equal to what stands in the file, and say what that
#   costs and saves;
# - write the decoding loop of an app, in Python and in JavaScript, equal to the model's own;
# - ship the tokenizer beside the model, with the vectors that prove it right.
#
# **What you need:** Keras's basics, tokens and padding from lesson 1, the encoder-decoder from
# lesson 2, attention from lesson 3, and for one comparison lesson 6's paired bootstrap. Greedy
# search is: at every step, the most probable token.

# %%
import functools
import http.server
import inspect
import json
import os
import re
import shutil
import tempfile
import threading
import time
import urllib.request
import zipfile
from pathlib import Path

# %%
import ai_edge_litert
import keras
import matplotlib.pyplot as plt
import numpy as np
import sentencepiece
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.tools import flatbuffer_utils

# %%
from s2s_keras import evaluation, layers, models, search
from s2s_keras.corpora import load_corpus
from s2s_keras.errors import InputError
from s2s_keras.export import load
from s2s_keras.export.golden_vectors import golden_vectors
from s2s_keras.export.litert import litert_files
from s2s_keras.export.litert_file import check_operators
from s2s_keras.lessons import show
from s2s_keras.pipeline import Batches, to_dataset, tokenize_pairs
from s2s_keras.special_ids import BEGIN, END
from s2s_keras.tokenizer import Tokenizer

# %%
CORPUS = "grammar"  # or "multi30k" or "tatoeba"
SEED = 0
GRAMMAR = CORPUS == "grammar"
keras.utils.set_random_seed(SEED)
# TensorFlow's converter and LiteRT write log lines past Python, to file 2. Here they go nowhere.
_ = os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
tf.get_logger().setLevel("ERROR")

# %% [markdown]
# ## A model to carry
#
# The translator of lesson 3: GRU and additive attention, 128 units. We train it for a short time.

# %%
UNITS, MAX_LENGTH = 128, 64
corpus = load_corpus(CORPUS, "de", "en")
pairs = corpus.split("train")
tokenizer = Tokenizer.train((text for pair in pairs for text in pair), vocabulary_size=2000)
encoder = layers.RecurrentEncoder(UNITS)
decoder = layers.RecurrentDecoder(UNITS, UNITS, attention=layers.AdditiveAttention(UNITS))
model = models.EncoderDecoder(tokenizer.vocabulary_size, UNITS, encoder, decoder)
model.build()
print(f"{model.count_params():,} weights")

# %%
STEPS = 650
recipe = models.Recipe("cosine", learning_rate=5e-3, warmup_steps=STEPS // 10)
schedule = models.build_schedule(recipe, UNITS, STEPS)
model.compile(keras.optimizers.Adam(schedule, global_clipnorm=1.0), models.MaskedCrossentropy())
batches = Batches(tokenize_pairs(pairs, tokenizer), batch_tokens=768, seed=SEED)
history = model.fit(
    to_dataset(batches.stream), steps_per_epoch=STEPS, shuffle=False, verbose=0
).history
assert np.isfinite(history["loss"][-1])

# %%
test_name = corpus.split_names[2]  # The first test split.
sources, references = (list(side) for side in zip(*corpus.split(test_name)[:300], strict=True))
text_to_text = search.TextToText(model, tokenizer, MAX_LENGTH)
translator = search.Translator.of(text_to_text)


# %%
def translate_with(translator):
    return [each.text for each in translator.translate(sources)]


# %% tags=["nbval-ignore-output"]
by_keras = translate_with(translator)
bleu_of_keras = evaluation.score(by_keras, references)["bleu"]
print(f"BLEU {bleu_of_keras:.1f} on {len(sources)} sentences of {test_name}")
assert not GRAMMAR or bleu_of_keras > 50

# %% [markdown]
# ## From Keras to a file
#
# On the command line, all files that this lesson makes come from one command:
#
# ```console
# $ s2s-keras export RUN --output export
# ```
#
# It also writes the SavedModel of lesson 7, which takes a while. We call its other half. It makes
# three `.tflite` files of the same weights: as they are (`float32`), rounded to two bytes a number
# (`float16`), and to one byte (`int8`).

# %%
export = Path(tempfile.mkdtemp())
description = {
    "source": "de",
    "target": "en",
    "model": "lesson",
    "max_length": MAX_LENGTH,
    "beam_size": 4,
    "author": "not stated",
    "license": "not stated",
}
for precision, data in litert_files(text_to_text, 4, description):
    (export / f"{precision}.tflite").write_bytes(data)

# %% [markdown]
# LiteRT's `Interpreter` runs such a file. A file has **signatures**: functions with named inputs
# and outputs. We give the interpreter one thread, and call a signature by its name. (First each
# search runs once, for an empty source of the file's own width: the first answer of LiteRT 2.3 may
# be wrong if the input is resized before any run.)

# %%
PRECISIONS = ("float32", "float16", "int8")
interpreters = {
    each: Interpreter(str(export / f"{each}.tflite"), num_threads=1) for each in PRECISIONS
}


# %%
def runner(interpreter):
    names = interpreter.get_signature_list()
    signatures = {name: interpreter.get_signature_runner(name) for name in names}
    for name in ("greedy", "beam"):
        shape = signatures[name].get_input_details()["source"]["shape"]
        signatures[name](source=np.zeros(shape, "int32"))
    return lambda name, **inputs: signatures[name](**inputs)


run = {precision: runner(each) for precision, each in interpreters.items()}

# %%
for name, tensors in interpreters["float32"].get_signature_list().items():
    print(name)
    print("   takes", ", ".join(tensors["inputs"]))
    print("   gives", ", ".join(tensors["outputs"]))

# %% [markdown]
# `greedy` and `beam` are whole searches, with their loops inside. `encode` and `decode_step` are
# the single steps, for an app that runs the loop itself; we shall do that. All of them take ids of
# tokens, and none takes text.

# %%
TEXT = "Wann hat sie das Radio ausgeschaltet?"  # When did she turn off the radio?
ids = [*tokenizer.tokenize([TEXT]).to_list()[0], END]
answer = run["float32"]("greedy", source=np.array([ids], "int32"))
print(f"{len(ids)} ids in, tokens {answer['tokens'].shape}, score {answer['score'].shape} out")
assert answer["tokens"].shape == (1, min(2 * len(ids) + 8, MAX_LENGTH))

# %% [markdown]
# **Often said, and wrong: a phone needs another model.** It can be the same model, with the same
# weights. The file answers all test sentences as Keras did, letter by letter. (We let one sentence
# differ, for the rare case that two tokens are equally probable and a sum is rounded otherwise.)

# %% tags=["nbval-ignore-output"]
by_file = {each: translate_with(load(export / f"{each}.tflite").translator) for each in PRECISIONS}
same = sum(a == b for a, b in zip(by_keras, by_file["float32"], strict=True))
print(f"same as Keras: {same} of {len(sources)}")
assert same >= len(sources) - 1

# %% [markdown]
# ## What a file may not contain, and why
#
# LiteRT is small because it can do little. It has one *kernel*, here a piece of code, for each of
# its **built-in operators**: products, sums, softmax, look-ups, loops. TensorFlow has many more.
# How many, and how large is the library that has them, on this machine? (One for phones is smaller,
# and still many times LiteRT's.)


# %%
def megabytes(package):
    libraries = Path(package.__file__).parent.rglob("*.so*")
    return max(each.stat().st_size for each in libraries) / 1e6


# %% tags=["nbval-ignore-output"]
sizes = {each.__name__: megabytes(each) for each in (tf, ai_edge_litert)}
for name, size in sizes.items():
    print(f"largest library of {name}: {size:.0f} MB")
counts = [sum(not name.startswith("_") for name in dir(tf.raw_ops))]
counts.append(sum(isinstance(each, int) for each in vars(schema.BuiltinOperator).values()))
print("operators: {:,} of TensorFlow, {} of LiteRT".format(*counts))
assert sizes["tensorflow"] > 10 * sizes["ai_edge_litert"] and counts[0] > 4 * counts[1]

# %% [markdown]
# Where an operator is missing, the converter can leave TensorFlow's own in the file, as a **Flex**
# operator. Then the app must carry TensorFlow's kernels too, and a browser cannot run it at all. So
# we want none. Which functions need one? Here are five small ones. Each takes ids `x`.


# %%
def softmax(x):
    return tf.nn.softmax(tf.cast(x, tf.float32))


def lowest_bit(x):
    return tf.bitwise.bitwise_and(x, 1)


# %%
def digits(x):  # The loop's body counts letters, so it has strings.
    return tf.while_loop(
        lambda x: tf.reduce_sum(x) < 50,
        lambda x: (x + tf.strings.length(tf.strings.as_string(x)),),
        (x,),
    )[0]


# %% [markdown]
# The last two collect what a loop computes, as a decoder collects its tokens. One has a list that
# grows, the other a **buffer** of fixed size, in which each round fills a row.


# %%
def growing_list(x):
    tokens = tf.TensorArray(tf.int32, size=0, dynamic_size=True)
    return tf.while_loop(
        lambda i, tokens: i < 5, lambda i, tokens: (i + 1, tokens.write(i, x)), (0, tokens)
    )[1].stack()


# %%
def buffer(x):
    rows = tf.range(5)[:, tf.newaxis]
    return tf.while_loop(
        lambda i, tokens: i < 5,
        lambda i, tokens: (i + 1, tf.where(rows == i, x, tokens)),
        (0, tf.zeros([5, tf.size(x)], tf.int32)),
    )[1]


# %% [markdown]
# Conversion: TensorFlow runs the function once with placeholders and writes down each operator (it
# *traces* the function to a graph); then each operator is translated. The result is a
# **flatbuffer**, a table of tables in one block of bytes, which needs no parsing to be used.

# %%
BUILT_IN, FLEX = tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS
IDS = tf.TensorSpec([None], tf.int32, name="x")


# %%
def converted(function, *operators):
    graph = tf.function(function, input_signature=[IDS], autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [graph.get_concrete_function()], tf.Module()
    )
    converter.target_spec.supported_ops = operators
    return flatbuffer_utils.read_model_from_bytearray(bytearray(converter.convert()))


# %% [markdown]
# With built-in operators only, the converter refuses the function with strings, in many lines. One
# of them says it:

# %%
message = ""
try:
    converted(digits, BUILT_IN)
except Exception as error:
    message = re.search(r"'tf\.\w+' op is neither a custom op nor a flex op", str(error)).group()
print(message)
assert message

# %% [markdown]
# With Flex allowed, all five are converted. `operatorCodes` is the file's list of what it needs.
# Flex operators stand there as *custom* ones, with a name.


# %%
def foreign(file):
    custom = schema.BuiltinOperator.CUSTOM
    codes = [each for each in file.operatorCodes if each.builtinCode == custom]
    return sorted(each.customCode.decode() for each in codes)


# %%
FUNCTIONS = (softmax, lowest_bit, digits, growing_list, buffer)
files = {each.__name__: converted(each, BUILT_IN, FLEX) for each in FUNCTIONS}
for name, file in files.items():
    print(f"{name:13}", ", ".join(foreign(file)) or "none")
assert foreign(files["digits"]) and foreign(files["growing_list"]) and not foreign(files["buffer"])

# %% [markdown]
# | what | why not | instead |
# | --- | --- | --- |
# | strings, tables of strings, tokenizers | kernels for numbers only | ids; the app tokenizes |
# | lists of tensors that grow | memory is planned ahead | a buffer for the longest target |
# | operators that nobody wrote | every kernel costs room | another way, here `x % 2` |
#
# **Often said, and wrong: to see what a file needs, look at its operators.** Which ones? A loop is
# one operator, `WHILE`. Its condition and its body are graphs of their own, **subgraphs**. Who
# looks at the main graph of `digits` sees nothing wrong.

# %%
NAMES = {
    value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)
}


def operators(file, graph):
    codes = [file.operatorCodes[each.opcodeIndex] for each in graph.operators]
    return [NAMES[each.builtinCode] for each in codes]


# %%
main, *others = (operators(files["digits"], graph) for graph in files["digits"].subgraphs)
print("main graph:", main)
print("in other subgraphs, CUSTOM:", sum(graph.count("CUSTOM") for graph in others))
assert main == ["WHILE"]

# %% [markdown]
# The interpreter finds out when the app starts. The package finds out when it exports:

# %%
try:
    check_operators(files["digits"])
except InputError as error:
    print(error)

# %% [markdown]
# And our translator? Its own file, all subgraphs: the four signatures, and the conditions and
# bodies of their loops.

# %%
file = {each: flatbuffer_utils.read_model(str(export / f"{each}.tflite")) for each in PRECISIONS}
for precision in PRECISIONS:
    print(f"{precision:8} needs from elsewhere: {', '.join(foreign(file[precision])) or 'none'}")
    assert not foreign(file[precision])
in_greedy = [each for each in file["float32"].signatureDefs if each.signatureKey == b"greedy"]
main = file["float32"].subgraphs[in_greedy[0].subgraphIndex]
assert "WHILE" in operators(file["float32"], main)

# %%
found = [each for graph in file["float32"].subgraphs for each in operators(file["float32"], graph)]
kinds, counts = np.unique(found, return_counts=True)
order = np.argsort(-counts, kind="stable")[:14]
shades = ["black" if kind in ("FULLY_CONNECTED", "BATCH_MATMUL") else "0.75" for kind in kinds]
figure, axes = plt.subplots(figsize=(6, 3))
axes.barh(kinds[order], counts[order], color=[shades[each] for each in order])
axes.invert_yaxis()
axes.set_xlabel("operators in the file (black: matrix products)")
show(figure, "How often each operator occurs. Most move numbers about; few are matrix products.")

# %% tags=["nbval-ignore-output"]
products = sum(counts[kinds == kind].sum() for kind in ("FULLY_CONNECTED", "BATCH_MATMUL"))
print(f"{len(found)} operators, {products} of them matrix products")
print(", ".join(f"{kinds[each]} {counts[each]}" for each in order[:6]))

# %% [markdown]
# Only a few of all operators are matrix products; the others are small: they cut, reshape, add.
# Remember that for later.
#
# ## Eight bits, by hand
#
# **Why.** A weight in `float32` has four bytes. Trained weights do not need so many: they are small
# numbers around zero, and a little noise does no harm. **Quantisation** rounds them to integers
# from -127 to 127, which need one byte. A **scale** says how much one step is worth:
#
# $$s_j = \frac{\max_i |W_{ij}|}{127} \qquad q_{ij} = \mathrm{round}\left(\frac{W_{ij}}{s_j}\right)
# \qquad \hat{W}_{ij} = s_j \, q_{ij}$$
#
# | symbol | what it is | shape here |
# | --- | --- | --- |
# | $W$ | weights of a product $x W$ | (inputs, outputs) |
# | $s_j$ | the scale of the j-th output | (1, outputs) |
# | $q$ | what is stored: integers of eight bits | (inputs, outputs) |
# | $\hat{W}$ | what the stored numbers mean | (inputs, outputs) |
#
# **Symmetric** means: no offset. The range reaches as far below zero as above. **Per channel**
# means a scale for each output, and not one for all. We take the weights of the decoder's readout.


# %%
def quantise(W, bits=8, axis=0):
    largest = 2 ** (bits - 1) - 1
    s = np.abs(W).max(axis=axis, keepdims=True) / largest
    return np.round(W / s).astype("int8"), s


# %%
W = decoder.readout.kernel.numpy()
q, s = quantise(W)
W_hat = s * q
print("W", W.shape, W.dtype, " q", q.shape, q.dtype, " s", s.shape)
assert np.abs(q).max() == 127 and s.shape == (1, W.shape[1])
assert (np.abs(W - W_hat) <= 0.501 * s).all()

# %% [markdown]
# Nothing is off by more than half a step. One output as a picture, and the step between its levels:

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 2.8))
left.hist(W[:, 0] / s[0, 0], bins=60, color="0.5")
left.set(xlabel="$W_{i0}$ in steps $s_0$", ylabel="weights")
right.plot(W[:, 0] / s[0, 0], (W - W_hat)[:, 0] / s[0, 0], ".", color="black")
right.set(xlabel="$W_{i0}$ in steps $s_0$", ylabel="error in steps", ylim=(-0.7, 0.7))
show(
    figure,
    "Left: the weights of an output, most of them nearer to zero than to the ends. Right: the "
    "error of rounding is at most half a step, for small and large weights alike.",
)

# %% [markdown]
# Is that what the converter has done? In the file this matrix lies transposed, a row an output. We
# find it by its shape, and its scales stand beside it.


# %%
def stored(file, shape):
    for graph in file.subgraphs:
        for tensor in graph.tensors:
            data = file.buffers[tensor.buffer].data
            if data is not None and tensor.type == schema.TensorType.INT8:
                scales = tensor.quantization.scale
                if list(tensor.shape) == list(shape) and len(scales) == shape[0]:
                    return np.frombuffer(data, "int8").reshape(shape).T, scales


q_file, s_file = stored(file["int8"], W.T.shape)
np.testing.assert_allclose(s_file, s[0], rtol=1e-5)
assert np.abs(q_file.astype(int) - q).max() <= 1 and (q_file == q).mean() > 0.999

# %% [markdown]
# It is. (One step is granted, for numbers that lie halfway.) The decoder's table is the other way
# round: a token is a row, and also an output of the softmax. So it has a scale a row. The file
# stores it once, for both uses.

# %%
table = model.target_embedding.embeddings.numpy().T  # An output a column.
q_file, s_file = stored(file["int8"], table.T.shape)
np.testing.assert_allclose(s_file, quantise(table)[1][0], rtol=1e-5)
assert (q_file == quantise(table)[0]).mean() > 0.999
print(f"{q_file.size:,} bytes of integers, {s_file.nbytes:,} bytes of scales")

# %% [markdown]
# What good are integers? A product can be computed with them. At each call LiteRT quantises the
# input too, with a scale $s_x$ that fits this input; this is called **dynamic range**. Then it sums
# products of integers, and scales once per output:
#
# $$y_j = \sum_i x_i W_{ij} \approx s_x s_j \sum_i q^x_i \, q_{ij}$$

# %%
x = np.random.default_rng(SEED).normal(size=(1, len(W))).astype("float32")
q_x, s_x = quantise(x, axis=None)
sums = q_x.astype("int32") @ q.astype("int32")  # Eight bits would overflow, and so would 16.
y = s_x * s * sums
error = np.abs(y - x @ W).max() / np.abs(x @ W).max()
print("sums", sums.dtype, " y", y.shape)
assert error < 0.03 and 127 * 127 > 2**7 and 127 * 127 * len(W) > 2**15

# %% [markdown]
# How many bits does the translator need? We round all large matrices inside Keras, a scale a
# channel or one for the whole matrix, and translate again.


# %%
def rounded(weight, bits, per_channel):
    if weight.ndim < 2 or weight.size < 1024:  # Biases and the like stay as they are.
        return weight
    axis = int(len(weight) == tokenizer.vocabulary_size) if per_channel else None
    q, s = quantise(weight, bits, axis)
    return s * q


# %%
def bleu_with(bits, per_channel):
    model.set_weights([rounded(each, bits, per_channel) for each in original])
    return evaluation.score(translate_with(translator), references)["bleu"]


# %%
BITS = (8, 6, 5, 4, 3)
original = model.get_weights()
curves = {
    name: [bleu_with(bits, per_channel) for bits in BITS]
    for name, per_channel in (("a scale a channel", True), ("a scale a matrix", False))
}
model.set_weights(original)

# %%
figure, axes = plt.subplots(figsize=(6, 2.8))
axes.axhline(bleu_of_keras, color="0.7", marker="", linestyle="-", label="float32")
for name, values in curves.items():
    axes.plot(BITS, values, label=name)
axes.set(xlabel="bits a weight", ylabel="BLEU", xticks=BITS, ylim=0)
axes.invert_xaxis()
axes.legend(bbox_to_anchor=(1, 1))
show(
    figure,
    "BLEU by bits a weight: at eight bits as with float32, at three far lower, and lower with one "
    "scale a matrix than with a scale a channel.",
)

# %% tags=["nbval-ignore-output"]
print("bits:", *BITS)
for name, values in curves.items():
    print(f"{name:18}", *(f"{value:5.1f}" for value in values))
assert not GRAMMAR or abs(curves["a scale a channel"][0] - bleu_of_keras) < 2
assert not GRAMMAR or sum(curves["a scale a channel"]) > sum(curves["a scale a matrix"])

# %% [markdown]
# One large weight stretches the scale of all that share it. With a scale a channel these are few,
# so it takes longer until the levels become too coarse. Eight bits have room to spare.
#
# ## Size, latency, BLEU
#
# **Latency** is the time from the question to the answer, for one sentence at a time: that is what
# a person waits for. We take the fastest of several rounds, in turns, so that a disturbance hits
# all alike.

# %%
batch_of_one = [
    np.array([[*row, END]], "int32") for row in tokenizer.tokenize(sources[:60]).to_list()
]
seconds = {precision: np.full(len(batch_of_one), np.inf) for precision in PRECISIONS}
for precision in PRECISIONS * 5:
    for number, source in enumerate(batch_of_one):
        before = time.perf_counter()
        run[precision]("greedy", source=source)
        took = time.perf_counter() - before
        seconds[precision][number] = min(seconds[precision][number], took)

# %%
megabyte = {each: (export / f"{each}.tflite").stat().st_size / 1e6 for each in PRECISIONS}
latency = {each: 1000 * np.median(seconds[each]) for each in PRECISIONS}
bleu = {each: evaluation.score(by_file[each], references)["bleu"] for each in PRECISIONS}
intervals = [evaluation.bleu_interval(by_file[each], references, 200) for each in PRECISIONS]

# %% tags=["nbval-ignore-output"]
print("             MB   ms a sentence   BLEU   sentences as in float32")
for each in PRECISIONS:
    same = np.mean([a == b for a, b in zip(by_file[each], by_file["float32"], strict=True)])
    row = (megabyte[each], latency[each], bleu[each], same)
    print(f"{each:8}" + "{:7.2f} {:12.2f} {:11.1f} {:12.1%}".format(*row))

# %%
figure, panels = plt.subplots(1, 3, figsize=(9, 2.4))
for axes, values, title in zip(
    panels, (megabyte, latency, bleu), ("MB", "ms a sentence", "BLEU, 95 %"), strict=True
):
    axes.bar(PRECISIONS, [values[each] for each in PRECISIONS], color=["0.3", "0.55", "0.8"])
    axes.set_title(title)
panels[2].errorbar(PRECISIONS, list(bleu.values()), intervals, fmt="none", color="black", capsize=4)
show(
    figure,
    "Size, latency and BLEU of the three files. Size falls to a half and to less than a third, "
    "latency falls only for int8, BLEU stays well within its interval.",
)

# %% [markdown]
# **Often said, and wrong: int8 makes everything four times as fast.** It makes the weights four
# times as small, and even the file not quite. What is in it?


# %%
def parts(precision):
    data = {"int8 weights": 0, "float weights": 0}
    graphs = file[precision].subgraphs
    used = {tensor.buffer: tensor for graph in graphs for tensor in graph.tensors}
    for index, tensor in used.items():
        content = file[precision].buffers[index].data
        kind = "int8 weights" if tensor.type == schema.TensorType.INT8 else "float weights"
        data[kind] += 0 if content is None else len(content)
    with zipfile.ZipFile(export / f"{precision}.tflite") as archive:
        data["tokenizer"] = sum(each.file_size for each in archive.infolist())
    data["operators, scales"] = 1e6 * megabyte[precision] - sum(data.values())
    return data


# %%
figure, axes = plt.subplots(figsize=(7, 1.8))
styles = zip(("", "", "//", ".."), ("0.35", "0.6", "0.95", "0.8"), strict=True)
left = np.zeros(3)
for name, (hatch, shade) in zip(parts("int8"), styles, strict=True):
    values = np.array([parts(each)[name] / 1e6 for each in PRECISIONS])
    axes.barh(PRECISIONS, values, left=left, color=shade, hatch=hatch, ec="black", label=name)
    left += values
axes.invert_yaxis()
axes.set_xlabel("MB")
axes.legend(bbox_to_anchor=(1, 1))
assert megabyte["float16"] < 0.55 * megabyte["float32"]
assert 0.25 * megabyte["float32"] < megabyte["int8"] < 0.35 * megabyte["float32"]
show(figure, "Bytes by kind: weights shrink; operators and tokenizer stay, and count more in int8.")

# %% tags=["nbval-ignore-output"]
for precision in PRECISIONS:
    shown = (f"{name} {count / 1e6:.2f}" for name, count in parts(precision).items())
    print(f"{precision:8}", ", ".join(shown), "MB")

# %% [markdown]
# And the time? Integers speed up the matrix products, and nothing that stands between them. And a
# small product gains less than a large one: to call it is part of its time. We time a lone product
# $x W$ of $n$ inputs and $n$ outputs.


# %%
def product(n, optimizations):
    kernel = tf.constant(np.random.default_rng(n).normal(size=(n, n)), tf.float32)
    graph = tf.function(lambda x: x @ kernel, autograph=False)
    graph = graph.get_concrete_function(tf.TensorSpec([1, n], tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph], tf.Module())
    converter.optimizations = optimizations
    interpreter = Interpreter(model_content=converter.convert(), num_threads=1)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.ones((1, n), "float32"))
    return interpreter


# %%
SIZES, INT8 = (64, 256, 1024, 2048), [tf.lite.Optimize.DEFAULT]
products = {(n, bool(how)): product(n, how) for n in SIZES for how in ([], INT8)}
fastest = dict.fromkeys(products, np.inf)
for _ in range(60):
    for key, interpreter in products.items():
        before = time.perf_counter()
        interpreter.invoke()
        fastest[key] = min(fastest[key], time.perf_counter() - before)
gains = [fastest[n, False] / fastest[n, True] for n in SIZES]

# %%
figure, axes = plt.subplots(figsize=(5.5, 2.6))
axes.plot(SIZES, gains)
axes.axhline(1, color="0.7", marker="", linestyle="-")
axes.set(xscale="log", xlabel="$n$", ylabel="times as fast in int8", xticks=SIZES, ylim=0)
axes.set_xticks(SIZES, SIZES)
axes.minorticks_off()
show(figure, "How many times as fast a product is in int8: more, the larger it is.")

# %% tags=["nbval-ignore-output"]
gain, size = latency["float32"] / latency["int8"], megabyte["int8"] / megabyte["float32"]
for n, each in zip(SIZES, gains, strict=True):
    print(f"a product of {n:4}: {each:.1f} times as fast")
print(f"a sentence: {gain:.1f} times as fast, from {size:.2f} of the size")
assert gains[0] < gains[-1] and gain < 3.5

# %% [markdown]
# **Often said, and wrong: half as many bytes, twice as fast.** `float16` is a way to *store*. The
# processor multiplies float32, so LiteRT makes float32 of it when it opens the file. The download
# is half as large, and the time stays. (A phone's GPU may multiply float16. We have none here.)

# %%
assert latency["float16"] > 0.65 * latency["float32"]

# %% [markdown]
# **Often said, and wrong: quantisation always costs quality.** It changes answers. Some get worse,
# some better, most stay. We compare each sentence that changed with its reference, by **chrF**
# (Popović 2015): like BLEU, of sequences of characters, and so of use for one sentence alone.


# %%
def sentence_score(translation, reference):
    return evaluation.score([translation], [reference])["chrf"]


# %%
changes = []
for row, reference in enumerate(references):
    before, after = by_file["float32"][row], by_file["int8"][row]
    if before != after:
        changes.append(sentence_score(after, reference) - sentence_score(before, reference))
better, worse = sum(each > 0 for each in changes), sum(each < 0 for each in changes)

# %% [markdown]
# And their BLEU? Both files translate the same sentences, so we draw test sets out of ours and take
# the difference on each: the paired bootstrap of lesson 6.


# %%
def difference_on(rows):
    drawn = [references[row] for row in rows]
    scores = (
        evaluation.score([by_file[each][row] for row in rows], drawn)["bleu"]
        for each in ("int8", "float32")
    )
    return np.subtract(*scores)


random = np.random.default_rng(SEED)
drawn = random.integers(len(references), size=(60, len(references)))
differences = [difference_on(rows) for rows in drawn]

# %% tags=["nbval-ignore-output"]
difference = bleu["int8"] - bleu["float32"]
print(f"of {len(sources)} sentences int8 changed {len(changes)}: {better} better, {worse} worse")
low, high = np.percentile(differences, [2.5, 97.5])
print(f"BLEU {difference:+.1f}; on other test sets, 95 % between {low:+.1f} and {high:+.1f}")
assert not GRAMMAR or (len(changes) < 0.15 * len(sources) and abs(difference) < 2)

# %% [markdown]
# Where zero lies between the two ends, the change cannot be told from chance. (So few drawn sets
# give the ends only roughly.) At three bits it would be another matter, as we saw. So: measure.
#
# ## Step by step, as an app does it
#
# `greedy` says nothing until it is done. An app wants to show the first word while the second is
# being found. So it calls `encode` once, and `decode_step` for every token. Between the calls it
# carries the decoder's state in its own hands.

# %%
state = run["float32"]("encode", source=np.array([ids], "int32"))
for name, values in state.items():
    print(f"{name:14} {values.dtype!s:8} {values.shape}")

# %% [markdown]
# `position` counts the steps, `own_states_0` is the GRU's state; its axis of size 1 is for the
# hypotheses of a beam. What begins with `shared` is, in this model, of the source, and never
# changes: the annotations (`values`), and products with them that need to be computed only once.
# The app need not understand any of it. It gives back what it was given:


# %%
def longest_target(tokens):
    return min(2 * tokens + 8, MAX_LENGTH)


def most_probable(logits):  # Padding, unknown and begin are never chosen.
    return END + int(logits[0, END:].argmax())


# %%
def translate(run, ids):
    limit = longest_target(len(ids))
    state = run("encode", source=np.array([ids], "int32"))
    token, count = BEGIN, 0
    while token != END and count < limit:
        outputs = run("decode_step", token=np.array([token], "int32"), **state)
        logits, weights = outputs.pop("logits"), outputs.pop("weights")
        state = outputs
        token, count = most_probable(logits), count + 1
        yield token, weights[0, : len(ids)]


# %% [markdown]
# A few lines, and NumPy. Do they find what `greedy` finds, in every file?


# %%
def greedy(run, ids):
    tokens = run("greedy", source=np.array([ids], "int32"))["tokens"][0]
    return tokens[tokens != 0].tolist()


# %%
for precision in PRECISIONS:
    for source in batch_of_one[:20]:
        row = source[0].tolist()
        assert [token for token, _ in translate(run[precision], row)] == greedy(run[precision], row)

# %% [markdown]
# The weights come along, so the app can show where the model looked, row by row as the sentence
# grows:

# %% tags=["cover"]
tokens, weights = zip(*translate(run["int8"], ids), strict=True)
figure, panels = plt.subplots(1, 3, figsize=(9, 3.2))
source_pieces, pieces = tokenizer.pieces(ids), tokenizer.pieces(tokens)
for axes, count in zip(panels, (1, len(tokens) // 2, len(tokens)), strict=True):
    axes.imshow(weights[:count], cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(ids)), source_pieces, rotation=90, fontsize=8)
    axes.set_yticks(range(count), pieces[:count], fontsize=8)
    axes.set_ylim(len(tokens) - 0.5, -0.5)
show(
    figure,
    "Three moments of a translation: after the first step there is one row of weights, later more "
    "of them, and at the end a row for every token.",
)

# %% [markdown]
# **Often said, and wrong: the interpreter remembers the sentence.** It does not; the state is all
# there is. So one interpreter can work on two sentences in turns, step by step.

# %%
first, second = (source[0].tolist() for source in batch_of_one[:2])
steps = zip(translate(run["int8"], first), translate(run["int8"], second), strict=False)
in_turns = [(one, other) for (one, _), (other, _) in steps]
both = min(len(greedy(run["int8"], each)) for each in (first, second))
expected = zip(greedy(run["int8"], first)[:both], greedy(run["int8"], second)[:both], strict=True)
assert in_turns[:both] == [*expected]

# %% [markdown]
# Now we can also see *why* eight bits change so little. A step's answer changes only if another
# token overtakes the best. So we take the **margin**, by how much the best token's logit is above
# all others, and how much int8 shifts it. Both files get the same tokens.


# %%
def margins(source):
    states = {each: run[each]("encode", source=source) for each in ("float32", "int8")}
    for token in [BEGIN, *greedy(run["float32"], source[0].tolist())[:-1]]:
        for each, state in states.items():
            states[each] = run[each]("decode_step", token=np.array([token], "int32"), **state)
        logits = [state.pop("logits")[0, END:] for state in states.values()]
        for state in states.values():
            state.pop("weights")
        best = logits[0].argmax()
        yield [each[best] - np.delete(each, best).max() for each in logits]


# %% tags=["nbval-ignore-output"]
margin, in_int8 = np.array([row for source in batch_of_one for row in margins(source)]).T
shift = in_int8 - margin
overtaken = in_int8 < 0
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(margin, shift, ".", color="0.6", label="same token")
axes.plot(margin[overtaken], shift[overtaken], "x", color="black", markersize=8, label="another")
line = np.geomspace(margin.min(), np.abs(shift).max())
axes.plot(line, -line, "--", color="black", marker="", label="overtaken below")
axes.set(xlabel="margin, float32", ylabel="shift by int8", xscale="log")
axes.legend(bbox_to_anchor=(1, 1))
show(
    figure,
    "Steps by margin and by its shift: the shifts are small beside most margins. Below the "
    "falling line another token is chosen, which takes a small margin.",
)
print(f"median margin {np.median(margin):.2f}, median shift {np.median(np.abs(shift)):.3f}")
print(f"{overtaken.sum()} of {len(margin)} steps choose another token")
assert not GRAMMAR or (np.median(margin) > 5 * np.median(np.abs(shift)) and overtaken.mean() < 0.03)

# %% [markdown]
# ## The tokenizer beside the model
#
# Ids in, ids out: so the app needs the very tokenizer that the model was trained with. It travels
# inside the file. A `.tflite` file may have a ZIP archive at its end; LiteRT reads from the front,
# an unpacker from the back, and neither disturbs the other.

# %%
with zipfile.ZipFile(export / "int8.tflite") as archive:
    print(archive.namelist())
    carried = archive.read("tokenizer.model")
    told = json.loads(archive.read("s2s_keras.json"))
assert carried == tokenizer.model and told == description

# %% [markdown]
# An app has no TensorFlow Text. It has another library, or somebody ports one. How does one know
# that it is right? By **golden vectors**: texts, their ids, and the texts that come back. The
# export writes them, the awkward ones first.

# %%
vectors = golden_vectors(tokenizer, sources[:40])
print(f"{len(vectors)} vectors, among them")
for vector in vectors[4:9]:
    print(f"{len(vector['ids']):5} ids for {vector['text']!r}")

# %% [markdown]
# A first candidate: Google's library `sentencepiece`, in C++. It also runs on a phone, and in a
# browser, compiled to **WebAssembly**, a machine code that every browser runs. It gets nothing but
# the bytes that the file carries.

# %%
processor = sentencepiece.SentencePieceProcessor(model_proto=carried)


# %%
def right(encode):
    return sum(encode(vector["text"]) == vector["ids"] for vector in vectors)


print(f"right: {right(processor.encode)} of {len(vectors)}")
assert right(processor.encode) == len(vectors)
assert all(processor.decode(vector["ids"]) == vector["decoded"] for vector in vectors)

# %% [markdown]
# **Often said, and wrong: a tokenizer is soon written.** Somebody in a hurry takes the list of
# pieces, and always the longest that fits. That gives valid ids, and the model translates
# *something*. Only the vectors tell.

# %%
vocabulary = {processor.id_to_piece(number): number for number in range(len(processor))}


def longest_match(text):
    text, ids = "▁" + text.replace(" ", "▁"), []
    while text:
        length = next((n for n in range(len(text), 0, -1) if text[:n] in vocabulary), 0)
        pieces = [text[:length]] if length else [f"<0x{byte:02X}>" for byte in text[0].encode()]
        ids += [vocabulary[piece] for piece in pieces]
        text = text[max(length, 1) :]
    return ids


# %%
print(f"right: {right(longest_match)} of {len(vectors)}")
assert right(longest_match) < len(vectors)

# %%
words = " ".join(sources[:40]).split()
wrong = next(word for word in words if longest_match(word) != processor.encode(word))
for name, ids_of in (("SentencePiece", processor.encode), ("longest match", longest_match)):
    print(f"{name}: {' '.join(tokenizer.pieces(ids_of(wrong)))}")

# %% [markdown]
# Byte-pair encoding merges in the order in which it learned (lesson 1), and that is not the longest
# piece first.
#
# ## The page
#
# `examples/web` in the repository is a page that does all this in a browser: type a sentence, see
# the translation grow token by token, and the weights under it as a table. LiteRT.js is LiteRT
# compiled to WebAssembly; `sentencepiece` likewise. Nothing is built or bundled, and a server only
# has to hand out files:
#
# ```console
# $ cd examples/web
# $ npm ci
# $ s2s-keras export RUN --output export
# $ python -m http.server
# ```
#
# Then the page is at `http://localhost:8000`. We do the same, without a browser: here is that
# server, in a thread, and a folder with the page and our model.

# %%
page = export / "page"
shutil.copytree("../examples/web", page, ignore=shutil.ignore_patterns("node_modules", "export"))
(page / "export" / "litert").mkdir(parents=True)
shutil.copy(export / "int8.tflite", page / "export" / "litert")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


# %%
server = http.server.ThreadingHTTPServer(
    ("localhost", 0), functools.partial(Quiet, directory=str(page))
)
threading.Thread(target=server.serve_forever, daemon=True).start()


def get(name):
    with urllib.request.urlopen(f"http://localhost:{server.server_port}/{name}") as answer:
        return answer.read(), answer.headers.get_content_type()


# %% [markdown]
# The page asks for its modules and for the model. It must be told what a file is: a browser runs a
# module only if it comes as JavaScript, and WebAssembly best if it comes as such.

# %%
html, kind = get("index.html")
search_js, kind_of_module = get("search.js")
downloaded, _ = get("export/litert/int8.tflite")
server.shutdown()
server.server_close()
print(f"index.html is {kind}; search.js is JavaScript: {'javascript' in kind_of_module}")
assert downloaded == (export / "int8.tflite").read_bytes() and b"page.js" in html
assert Quiet.guess_type(Quiet, "litert.wasm") == "application/wasm"

# %% [markdown]
# And the loop? It is the one above. Line by line, Python over JavaScript. Each is found by a few of
# its letters, in `translate` and in `search.js`:

# %%
LINES = {
    "limit = ": "const limit = ",
    '"encode"': "'encode'",
    "while token": "for (let token",
    '"decode_step"': "'decode_step'",
    "state = outputs": "state = next",
    "most_probable(": "token = mostProbable(",
    "yield token": "yield { token",
}


# %%
def line_with(letters, source):
    return next(line.strip() for line in source.splitlines() if letters in line)


for python, javascript in LINES.items():
    print(line_with(python, inspect.getsource(translate)))
    print("   ", line_with(javascript, search_js.decode()))

# %% [markdown]
# Three things differ. JavaScript waits (`await`), so that the page stays alive. It frees tensors by
# hand (`delete`), since no garbage collector sees WebAssembly's memory. And LiteRT.js cannot resize
# an input: a source has always the width that the file was given, and the rest is padding. Does
# padding change anything? It must not (lesson 2).

# %%
as_downloaded = Interpreter(model_content=downloaded)
padded = np.zeros(as_downloaded.get_input_details()[0]["shape"], "int32")
padded[0, : len(ids)] = ids
print(f"{len(ids)} ids, padded to", padded.shape)
tokens_of_padded = run["int8"]("greedy", source=padded)["tokens"][0]
assert tokens_of_padded[tokens_of_padded != 0].tolist() == greedy(run["int8"], ids)

# %% [markdown]
# The repository's tests open the page in headless Chromium, and compare its tokens with `greedy`'s.
#
# ## The phone
#
# `examples/android` has the same for Kotlin. An app that needs no growing sentence calls `greedy`,
# and the loop stays inside the file. (Before its first use the class, too, runs it once at the
# file's own width.)

# %%
kotlin = Path("../examples/android/Translator.kt").read_text("utf-8")
print(re.search(r"    private fun greedy.*?\n    }\n", kotlin, re.DOTALL).group())

# %% [markdown]
# **Nothing here was run on a phone**; the example's README says what was run. So begin, on yours,
# with the golden vectors, and with one sentence whose translation you know from here.
#
# ## Summary
#
# - **LiteRT** has built-in operators only. Strings, growing lists and rare operators would need
#   **Flex**. `operatorCodes` names all that a file needs, also in the bodies of its loops.
# - **Quantisation** stores integers, and a **scale** a channel. It errs by half a step at most.
# - int8 makes the weights four times as small. Speed gains less: large products gain the most, and
#   between them stand many small operators. float16 saves room, not time.
# - Few answers change, because few margins are small. How much is too much, a measurement tells.
# - An app calls **encode** once and **decode_step** for each token, and carries the state itself.
# - The **tokenizer** travels with the model, and **golden vectors** decide who reads it right.
#
# ## Exercises
#
# **1.** Four bits: `quantise(W, bits=4)` gives integers from -7 to 7. Store two of them in one
# byte, and get them back. How many bytes has $W$ then, and how much larger is its mean error than
# with eight bits? (Add 8 to each, then none is negative.)

# %% tags=["solution", "nbval-ignore-output"]
# Solution 1
q_4, s_4 = quantise(W, bits=4)
nibbles = (q_4 + 8).astype("uint8").reshape(-1, 2)
packed = nibbles[:, 0] | nibbles[:, 1] << 4
unpacked = np.stack([packed & 15, packed >> 4], axis=1).reshape(W.shape).astype("int8") - 8
errors = [np.abs(W - each).mean() for each in (s * q, s_4 * unpacked)]
print(f"{packed.nbytes:,} bytes instead of {W.nbytes:,}")
print(f"the mean error is {errors[1] / errors[0]:.0f} times as large")
assert np.array_equal(unpacked, q_4) and packed.nbytes * 8 == W.nbytes
assert 10 < errors[1] / errors[0] < 25  # The steps are 127 / 7 = 18 times as large.

# %% [markdown]
# **2.** An app for subtitles translates many lines at once. Write the loop for a batch: `source` is
# `(batch, source)` with padding, `token` is `(batch,)`. A row ends with its end token, or when it
# is as long as `longest_target` allows for its own source; what it chooses after that does not
# count. Compare with `greedy`.


# %% tags=["solution"]
# Solution 2
def translate_batch(run, source):
    state, rows = run("encode", source=source), []
    limits = np.array([longest_target(length) for length in (source != 0).sum(axis=1)])
    token, ended = np.full(len(source), BEGIN, "int32"), np.zeros(len(source), bool)
    while not ended.all():
        state = run("decode_step", token=token, **state)
        token = END + state.pop("logits")[:, END:].argmax(axis=-1).astype("int32")
        del state["weights"]
        rows.append(np.where(ended, 0, token))
        ended |= (token == END) | (len(rows) == limits)
    return np.stack(rows, axis=1)


lines = [source[0] for source in batch_of_one[:8]]
together = translate_batch(run["float32"], keras.utils.pad_sequences(lines, padding="post"))
for line, row in zip(lines, together, strict=True):
    assert row[row != 0].tolist() == greedy(run["float32"], line.tolist())

# %% [markdown]
# **3.** The user does not like the first word, taps on it, and picks another. Write `continued(run,
# ids, chosen)`: it feeds the chosen tokens first, then goes on greedily, and returns all tokens.
# Let the translation of `TEXT` begin with the *second* most probable token. (Given the tokens that
# `greedy` begins with, it must give `greedy`'s.)


# %% tags=["solution", "nbval-ignore-output"]
# Solution 3
def continued(run, ids, chosen=()):
    state, tokens = run("encode", source=np.array([ids], "int32")), [BEGIN]
    while tokens[-1] != END and len(tokens) <= longest_target(len(ids)):
        state = run("decode_step", token=np.array(tokens[-1:], "int32"), **state)
        logits = state.pop("logits")
        del state["weights"]
        given = len(tokens) <= len(chosen)
        tokens.append(chosen[len(tokens) - 1] if given else most_probable(logits))
    return tokens[1:]


state = run["int8"]("encode", source=np.array([ids], "int32"))
logits = run["int8"]("decode_step", token=np.array([BEGIN], "int32"), **state)["logits"]
other = END + int(np.argsort(logits[0, END:])[-2])
by_itself, by_user = greedy(run["int8"], ids), continued(run["int8"], ids, [other])
print(processor.decode(by_itself), "/", processor.decode(by_user))
assert continued(run["int8"], ids, by_itself[:2]) == by_itself
assert by_user[0] == other != by_itself[0]

# %% [markdown]
# ## Papers
#
# - Popović (2015), *chrF: character n-gram F-score for automatic MT evaluation*:
#   <https://aclanthology.org/W15-3049>
#
# ## What comes next
#
# This was the last lesson. Take your own sentence pairs, train with `s2s-keras train`, export, put
# page and folder on any web host, and send somebody the address. The README has the commands.
