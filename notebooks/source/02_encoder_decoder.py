# %% [markdown]
# # 2. Encoder and decoder
#
# A translation has its own length and its own word order. No layer that turns position 1 into
# position 1, position 2 into position 2, can write it. So two networks share the work: an
# **encoder** reads the whole source, a **decoder** writes the target, one token after another.
#
# **Objectives.** After this lesson you can
# - say what embedding, encoder, context and decoder compute, with the shape of each result;
# - write a step of a GRU, a masked loss and a greedy search yourself, each equal to the package's;
# - train a small translator with teacher forcing, and read its curves;
# - measure how far back a gradient reaches, and say what initialisation, gates, clipping and
#   dropout each change about it;
# - show where a context of fixed size fails.
#
# **What you need:** Keras's basics (`Dense`, `compile`, `fit`), and from lesson 1 tokens, padding,
# the tokens for begin and end, and batches of similar lengths.

# %%
import tempfile
import textwrap

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import ops

from s2s_keras import evaluation, layers, models, search
from s2s_keras.corpora import load_corpus
from s2s_keras.lessons import show, show_training
from s2s_keras.pipeline import Batches, to_dataset, tokenize_pairs
from s2s_keras.special_ids import BEGIN, END, PADDING
from s2s_keras.tokenizer import Tokenizer

CORPUS = "grammar"  # or "multi30k" or "tatoeba"
SEED = 0
keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## The plan
#
# Lesson 1 ended with batches. Here is one of them, German to English: every row is a sentence,
# every number the id of a token, and `0` is padding. `source` is what the encoder reads, `target`
# what the decoder reads, and `labels` what it should write.

# %%
corpus = load_corpus(CORPUS, "de", "en")
pairs = corpus.split("train")
tokenizer = Tokenizer.train((text for pair in pairs for text in pair), vocabulary_size=2000)
batches = Batches(tokenize_pairs(pairs, tokenizer), batch_tokens=1024, seed=SEED)
inputs, labels = next(each for each in batches.stream() if each[1].shape[1] == 12)
source, target = inputs["source"], inputs["target"]
batch, length = source.shape
print(source.shape, target.shape, labels.shape)

# %% [markdown]
# We follow one sentence of it all the way, the one with the shortest source. `</s>` is the end
# token, `<pad>` is padding, and `▁` begins a word.

# %%
row = int(np.argmin((source != PADDING).sum(axis=1)))
source_pieces = tokenizer.pieces(source[row])
print(source[row])
print(source_pieces)

# %% [markdown]
# This is the plan. The encoder has a state for every source token; an arrow to the right hands it
# to the next one. What the last state holds is the **context** $c$, the only thing that the decoder
# gets to know of the source; every state of the decoder reads it. The decoder reads a begin token,
# writes a word, reads that word, and so on. (Drawn with one direction of reading. Below the encoder
# reads in both, and $c$ is the last state of each.)


# %%
def boxes(axes, left, height, texts, colour):
    for place, text in enumerate(texts):
        style = {"boxstyle": "round", "fc": colour, "ec": "0.3"}
        axes.text(left + place, height, text, ha="center", va="center", bbox=style)


def arrows(axes, *ends, **style):
    style |= {"arrowstyle": "->", "shrinkA": 13, "shrinkB": 13}
    for begin, end in ends:
        axes.annotate("", end, begin, arrowprops=style)


# %% tags=["cover"]
figure, axes = plt.subplots(figsize=(8.5, 2.6))
boxes(axes, 0, 0, ["Ein", "Hund", "schläft", "</s>"], "white")
boxes(axes, 0, 1, ["$h_1$", "$h_2$", "$h_3$", "$h_4$"], "0.85")
boxes(axes, 4, 1, ["$c$"], "gold")
boxes(axes, 5, 1, ["$s_1$", "$s_2$", "$s_3$", "$s_4$"], "skyblue")
boxes(axes, 5, 0, ["<s>", "A", "dog", "sleeps"], "white")
boxes(axes, 5, 2, ["A", "dog", "sleeps", "</s>"], "white")
arrows(axes, *(((i, 0), (i, 1)) for i in (0, 1, 2, 3, 5, 6, 7, 8)))
arrows(axes, *(((i, 1), (i, 2)) for i in (5, 6, 7, 8)))
arrows(axes, *(((i, 1), (i + 1, 1)) for i in range(8)))
arrows(axes, *(((4, 1), (i, 1)) for i in (6, 7, 8)), connectionstyle="arc3,rad=0.3", color="0.6")
axes.set(xlim=(-0.6, 8.6), ylim=(-0.4, 2.4))
axes.axis("off")
show(
    figure,
    alt="Four encoder states in a row, one above each German token, lead to the context c, and "
    "that leads to each of four decoder states, which read an English token and write the next.",
)

# %% [markdown]
# ## Embedding: from ids to vectors
#
# **Why.** Id 17 is not smaller than id 18 in any useful sense. So every token gets a vector of its
# own, whose numbers are learned.
#
# $$x_j = \sqrt{d}\;E_{\mathrm{source}_j}$$
#
# | symbol | what it is | shape |
# | --- | --- | --- |
# | $\mathrm{source}_j$ | id of the j-th source token | |
# | $E$ | the table, one row a token | (vocabulary, d) |
# | $d$ | size of a vector | |
# | $x_j$ | the embedded token | (d,) |
#
# The root is there because the decoder will use its table twice. For its output, where $d$ products
# are added up, the numbers of $E$ have to begin small, near $1/\sqrt{d}$; for its input the root
# brings them back to a size near one. Source and target have a table each.

# %%
EMBEDDING = 128
embedding = layers.TokenEmbedding(tokenizer.vocabulary_size, EMBEDDING)
x = np.array(embedding(source))
E = ops.convert_to_numpy(embedding.embeddings)
np.testing.assert_allclose(x, np.sqrt(EMBEDDING) * E[source], rtol=1e-5)
assert x.shape == (batch, length, EMBEDDING)
print(source.shape, "->", x.shape)

# %% [markdown]
# A look-up is a `Dense` layer without a bias that is given **one-hot** vectors: one where the id
# says, zero elsewhere. It only skips the products with zero.

# %%
one_hot = np.eye(tokenizer.vocabulary_size)[source[row]]
np.testing.assert_allclose(np.sqrt(EMBEDDING) * one_hot @ E, x[row], rtol=1e-4, atol=1e-5)

# %% [markdown]
# **Often said, and wrong: padding becomes zero.** Padding has a row in the table like any other id.
# What says that it is not real is a second array, the **mask**, and each layer that follows must
# obey it.

# %%
mask = np.array(embedding.compute_mask(source))
assert (mask == (source != PADDING)).all()
assert (x[~mask] != 0).any()
print(mask[row])

# %% [markdown]
# Mask and vectors as pictures:

# %%
figure, (left, right) = plt.subplots(1, 2, width_ratios=(1, 2))
left.imshow(mask, aspect="auto", interpolation="nearest")
left.set(title="mask of the batch", xlabel="position j", ylabel="sentence")
image = right.imshow(x[row][:, :48], aspect="auto")
right.set_yticks(range(length), source_pieces)
right.set(title="one sentence, embedded", xlabel="the first 48 numbers of $x_j$")
figure.colorbar(image)
show(
    figure,
    alt="Left, the mask of the batch: light where a token is real, dark at padding, at the ends "
    "of some rows. Right, a sentence as rows of numbers: all rows at padding are the same.",
)

# %% [markdown]
# ## One step of a GRU
#
# **Why.** The encoder must know the order of words. A **recurrent** layer reads one token after
# another and keeps a **state**, a vector, of what it has read. The hard question is what of the old
# state to keep. A gated recurrent unit (GRU) learns the answer, for each number of the state:
#
# $$\begin{aligned}
# z_t &= \sigma(W_z x_t + b_z + U_z h_{t-1} + c_z) \\
# r_t &= \sigma(W_r x_t + b_r + U_r h_{t-1} + c_r) \\
# g_t &= \tanh(W_g x_t + b_g + r_t \odot (U_g h_{t-1} + c_g)) \\
# h_t &= z_t \odot h_{t-1} + (1 - z_t) \odot g_t
# \end{aligned}$$
#
# | symbol | what it is | in `GRUCell` |
# | --- | --- | --- |
# | $x_t$ | the token that is read | `inputs` |
# | $h_{t-1}$, $h_t$ | the state before and after | `state` |
# | $z_t$ | **update gate**: 1 keeps the old state, 0 takes the candidate | `update` |
# | $r_t$ | **reset gate**: how much of the old state the candidate sees | `reset` |
# | $g_t$ | the **candidate**, a proposal for the new state | `candidate` |
# | $W$, $U$ | weights for input and state | `kernel`, `recurrent_kernel` |
# | $b$, $c$ | their biases; of all four one each for $z$, $r$ and $g$ | the two rows of `bias` |
# | $\sigma$, $\odot$ | the sigmoid; the product number by number | |
#
# Papers differ: in some, $z = 1$ takes the candidate and not the old state. Ours is the convention
# of Cho et al. (2014) and of Keras. (They multiply $h_{t-1}$ with $r_t$ before $U_g$, we after it,
# as Keras does.) (A $c$ with an index is a bias. The context is a $c$ without one.)
#
# First the weights, taken apart. New biases are zero, which would hide mistakes; so we roll dice.

# %%
UNITS = 128
cell = layers.GRUCell(UNITS)
cell.build((None, EMBEDDING))
cell.bias.assign(keras.random.normal(cell.bias.shape, stddev=0.5, seed=SEED))
W, U, biases = cell.get_weights()
W_z, W_r, W_g = np.split(W, 3, axis=1)
U_z, U_r, U_g = np.split(U, 3, axis=1)
(b_z, c_z), (b_r, c_r), (b_g, c_g) = np.split(biases, 3, axis=1)
print(W_z.shape, U_z.shape, b_z.shape)

# %% [markdown]
# Now the equations. Vectors are rows here, so that a whole batch fits into one matrix, and $W x$ is
# written `x @ W`.


# %%
def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def gru_step(x, h):
    z = sigmoid(x @ W_z + b_z + h @ U_z + c_z)
    r = sigmoid(x @ W_r + b_r + h @ U_r + c_r)
    g = np.tanh(x @ W_g + b_g + r * (h @ U_g + c_g))
    return z * h + (1 - z) * g, z, g


# %% [markdown]
# The packaged cell computes `x @ W + b` in `project`, because that does not depend on the state and
# so can be done for all tokens at once. The rest is the step proper.

# %%
before = np.tanh(np.random.default_rng(SEED).normal(size=(batch, UNITS))).astype("float32")
after, z, g = gru_step(x[:, 0], before)
np.testing.assert_allclose(after, cell(cell.project(x[:, 0]), before), atol=1e-5)
assert after.shape == (batch, UNITS)

# %% [markdown]
# The step as a picture, for one sentence. The units are put in the order of their gate: on the left
# the new state is the candidate, on the right it is the old state.

# %%
figure, axes = plt.subplots(figsize=(7, 2))
rows = {"$h_{t-1}$": before, "$z_t$": z, "$g_t$": g, "$h_t$": after}
order = np.argsort(z[row])[::4]
image = axes.imshow([each[row, order] for each in rows.values()], vmin=-1, vmax=1, aspect="auto")
axes.set_yticks(range(4), rows)
axes.set(xlabel="every fourth unit, ordered by its gate", xticks=[])
figure.colorbar(image)
show(
    figure,
    alt="Old state, update gate, candidate and new state, a column a unit. On the left, where the "
    "gate is near zero, the new state has the candidate's colours, on the right the old state's.",
)

# %% [markdown]
# ## The encoder
#
# **Why.** A step for every token, each from the state of the one before, and the last state has
# seen them all. Where the token is padding, the state stays as it was.


# %%
def read(x, mask):
    h = np.zeros((len(x), UNITS), "float32")
    for t in range(x.shape[1]):
        h = np.where(mask[:, t, None], gru_step(x[:, t], h)[0], h)
        yield h


forward = np.stack([*read(x, mask)], axis=1)
assert forward.shape == (batch, length, UNITS)

# %% [markdown]
# A second GRU, with weights of its own, reads from the end to the beginning. The states of both
# together are the **annotation** $h_j$: what is known at position $j$ of the words on both sides.
#
# $$\overrightarrow{h}_j = \mathrm{GRU}(x_j, \overrightarrow{h}_{j-1}) \qquad
# \overleftarrow{h}_j = \mathrm{GRU}'(x_j, \overleftarrow{h}_{j+1}) \qquad
# h_j = [\overrightarrow{h}_j; \overleftarrow{h}_j] \qquad
# c = [\overrightarrow{h}_n; \overleftarrow{h}_1]$$
#
# | symbol | what it is | in what the encoder returns | shape |
# | --- | --- | --- | --- |
# | $h_j$ | annotation of position $j$, from 1 to $n$ | `annotations` | (batch, source, 2 · units) |
# | $\overrightarrow{h}_n$ | where the decoder starts | `state` | (batch, units) |
# | $c$ | the context: both directions' last states | `summary` | (batch, 2 · units) |
#
# Our own forward states are the first half of the package's annotations, once it has our weights:

# %%
encoder = layers.RecurrentEncoder(UNITS)
encoder.build(x.shape)
encoder.forward_cells[0].set_weights(cell.get_weights())
encoded = encoder(x, mask)
np.testing.assert_allclose(encoded.annotations[..., :UNITS], forward * mask[..., None], atol=1e-5)
np.testing.assert_allclose(encoded.state, forward[:, -1], atol=1e-5)
print(encoded.annotations.shape, encoded.state.shape, encoded.summary.shape)

# %% [markdown]
# The annotations as a picture. In the upper half every column remembers what stands left of it, in
# the lower half what stands right of it. At padding the package sets annotations to zero.

# %%
figure, axes = plt.subplots(figsize=(7, 3.4))
shown = np.r_[0:24, UNITS : UNITS + 24]
image = axes.imshow(np.array(encoded.annotations)[row].T[shown], aspect="auto")
axes.axhline(23.5, color="white")
axes.set_xticks(range(length), source_pieces, rotation=90)
axes.set_yticks([12, 36], ["forward →", "← backward"])
figure.colorbar(image)
show(
    figure,
    alt="Annotations of one sentence, a column a token: 24 forward units above a white line, 24 "
    "backward units below it. The columns at padding have one colour, zero.",
)

# %% [markdown]
# More padding must change nothing. If it did, a sentence's translation would depend on its
# neighbours in the batch.

# %%
wider = np.pad(x, [(0, 0), (0, 6), (0, 0)], constant_values=9.0)
again = encoder(wider, np.pad(mask, [(0, 0), (0, 6)]))
np.testing.assert_allclose(again.summary, encoded.summary, atol=1e-6)

# %% [markdown]
# ## The context has a fixed size
#
# $c$ is all that the decoder will know, and it is as large for three words as for thirty. Remember
# these numbers; the end of the lesson comes back to them.

# %%
by_size = sorted((german for german, _ in pairs), key=len)
for text in by_size[0], by_size[-1]:
    ids = tokenizer.tokenize([text]).to_tensor()
    c = encoder(embedding(ids), embedding.compute_mask(ids)).summary
    print(f"{ids.shape[1]:3d} tokens -> {c.shape[1]} numbers, {c.shape[1] // ids.shape[1]} a token")

# %% [markdown]
# ## The decoder
#
# **Why.** The decoder is a recurrent network as well. But at each step it reads two things: the
# target token before, and the context. Then it gives every token of the vocabulary a probability of
# coming next.
#
# $$\begin{aligned}
# s_0 &= \tanh(W_s \overrightarrow{h}_n) \\
# s_i &= \mathrm{GRU}([y_{i-1}; c],\; s_{i-1}) \\
# t_i &= \tanh(W_t [s_i; c; y_{i-1}]) \\
# p_i &= \mathrm{softmax}(E' t_i)
# \end{aligned}$$
#
# | symbol | what it is | in the package |
# | --- | --- | --- |
# | $y_{i-1}$ | the embedded target token before the i-th | `target_embedding` |
# | $s_i$ | the decoder's state | `cells` |
# | $W_s$, $W_t$ | weights of two `Dense` layers (with biases) | `initial`, `readout` |
# | $t_i$ | the **readout**, of the size of an embedded token | |
# | $E'$ | the target's table, here the matrix of the softmax | `target_embedding` |
# | $p_i$ | probabilities of the i-th token; $E' t_i$ are their **logits** | |
# | $\mathrm{softmax}$ | makes probabilities of numbers $a_k$: $e^{a_k} / \sum_j e^{a_j}$ | |
#
# (Here $t$ is the readout and no longer a step: the decoder's steps are counted by $i$, and $W_t$
# is one matrix for all of them.)
#
# `EncoderDecoder` puts it together. What hands $c$ to every step is a layer too, `FixedContext`;
# lesson 3 puts something better in its place. The decoder has twice as many units as a direction of
# the encoder, as many as $c$ has numbers.

# %%
encoder = layers.RecurrentEncoder(UNITS)
decoder = layers.RecurrentDecoder(2 * UNITS, EMBEDDING, attention=layers.FixedContext())
model = models.EncoderDecoder(tokenizer.vocabulary_size, EMBEDDING, encoder, decoder)
logits = model(inputs)
assert logits.shape == (batch, length, tokenizer.vocabulary_size)
print(f"{model.count_params():,} weights")

# %% [markdown]
# The same by hand. The package multiplies $y_{i-1}$ and $c$ with two parts of one kernel, `kernel`
# and `context_kernel`; that is the product with $[y_{i-1}; c]$.


# %%
def decode(target, encoded):
    s, c = decoder.initial(encoded.state), encoded.summary
    for i in range(target.shape[1]):
        y = model.target_embedding(target[:, i])
        s = decoder.cells[0](decoder.cells[0].project(y) + c @ decoder.context_kernel, s)
        t = decoder.readout(ops.concatenate([s, c, y], axis=-1))
        yield t @ ops.transpose(model.target_embedding.embeddings)


by_hand = np.stack([*decode(target, model.encode(source))], axis=1)
np.testing.assert_allclose(by_hand, logits, atol=1e-4)

# %% [markdown]
# ## Teacher forcing
#
# **Why.** What should the decoder read in training? Its own last word would be noise at first. So
# it reads the right one, from the **reference**, the translation in the corpus, whatever it would
# have said. That is teacher forcing. (Lesson 5 has a second reason.) At each position the **label**
# is the token that should come next.

# %%
words = int((labels[row] != PADDING).sum())
for i, (read_id, label) in enumerate(zip(target[row, :words], labels[row, :words], strict=True)):
    print(f"{i:2d}  reads {tokenizer.pieces([read_id])[0]:12}", tokenizer.pieces([label])[0])

# %% [markdown]
# **Often said, and wrong: the decoder's input is the target shifted left.** Compare the two
# columns. The input is the labels shifted to the **right** by one: a begin token comes in on the
# left. (So the *labels* are the input shifted left. That is where the confusion comes from.)

# %%
real = labels[row, :words]
shifted_right = np.concatenate([[BEGIN], real[:-1]])
shifted_left = np.concatenate([real[1:], [PADDING]])
assert (target[row, :words] == shifted_right).all()
assert (shifted_left[:-1] == real[1:]).all()  # What it must say one position later.

# %% [markdown]
# With an input shifted left, the decoder would read at each position what it has to say one
# position later. It would learn to copy, and when it translates there is nothing to copy from. With
# ours, no later token changes an earlier result:

# %%
changed = target.copy()
changed[:, 5:] = END
np.testing.assert_allclose(model({**inputs, "target": changed})[:, :5], logits[:, :5], atol=1e-5)

# %% [markdown]
# ## A loss that knows padding
#
# **Why.** The model should give the label a high probability. So its loss is minus the logarithm of
# that probability, the mean over all labels that are real:
#
# $$L = -\frac{\sum_{b,i} m_{bi} \ln p_{bi}}{\sum_{b,i} m_{bi}}$$
#
# | symbol | what it is |
# | --- | --- |
# | $b$, $i$ | the sentence in the batch; the position in the target |
# | $m_{bi}$ | 1 where the label is real, 0 at padding |
# | $p_{bi}$ | the probability that the model gives to the label |


# %%
def masked_loss(labels, logits):
    m = ops.cast(labels != PADDING, "float32")
    ln_p = ops.take_along_axis(ops.log_softmax(logits), labels[..., None], axis=-1)[..., 0]
    return -ops.sum(m * ln_p) / ops.sum(m)


# %% [markdown]
# A new model knows nothing. So its loss should be near that of a blind guess among the $V$ tokens
# of the vocabulary, $\ln V$.

# %%
loss = masked_loss(labels, logits)
np.testing.assert_allclose(loss, models.MaskedCrossentropy()(labels, logits), rtol=1e-5)
print(f"ln V = {np.log(tokenizer.vocabulary_size):.1f}, loss of the new model {float(loss):.1f}")
assert abs(float(loss) - np.log(tokenizer.vocabulary_size)) < 1

# %% [markdown]
# A plain mean over all positions looks harmless. But it changes with the padding, which is an
# accident of the batch; the masked one does not.

# %%
padded = np.pad(labels, [(0, 0), (0, 20)])
more = np.pad(np.array(logits), [(0, 0), (0, 20), (0, 0)])
np.testing.assert_allclose(masked_loss(padded, more), loss, rtol=1e-5)
plain = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
assert abs(float(plain(padded, more)) - float(plain(labels, logits))) > 0.01

# %% [markdown]
# ## Training
#
# All is there: `fit` does the rest. The learning rate falls along a cosine. `global_clipnorm` is
# **clipping**, which a later section explains. We call `EVERY` batches an epoch, so that the curves
# have more points. Sentences of the **validation** split, which the model does not learn from, tell
# whether it has learned more than its own sentences.

# %%
EVERY, REPORTS = 100, 9
schedule = keras.optimizers.schedules.CosineDecay(4e-3, EVERY * REPORTS)
model.compile(
    optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
    loss=models.MaskedCrossentropy(),
    weighted_metrics=[models.TokenAccuracy()],
)

# %%
held_out = Batches(tokenize_pairs(corpus.split("validation")[:200], tokenizer), 1024)
logs = tempfile.mkdtemp()
history = model.fit(
    to_dataset(batches.stream),
    steps_per_epoch=EVERY,
    epochs=REPORTS,
    validation_data=to_dataset(held_out.in_order, len(held_out)),
    callbacks=[keras.callbacks.TensorBoard(logs, write_graph=False)],
    shuffle=False,
    verbose=0,
).history
assert history["val_loss"][-1] < history["val_loss"][0]
assert CORPUS != "grammar" or history["val_accuracy"][-1] > 0.7

# %%
show_training(
    logs,
    ("loss", "accuracy"),
    alt="Two panels. The loss falls, fast at first, that of the validation split less far. The "
    "accuracy rises in the same way, and levels off.",
)

# %% tags=["nbval-ignore-output"]
for name in ("loss", "val_loss", "accuracy", "val_accuracy"):
    print(f"{name:13}", *(f"{value:5.2f}" for value in history[name]))

# %% [markdown]
# **Accuracy** is the share of labels that have the highest probability. The training value is a
# mean over the epoch, while the model improves, so at first it is the worse one. Where the curves
# part later, the model fits its own sentences better than others.

# %% [markdown]
# ## Greedy decoding
#
# **Why.** Now there is no reference to read. So the decoder reads its own last word. The simplest
# **search** is greedy: at each step take the most probable token, until it is the end token. The
# package runs the decoder for that with `start` and `step`; the ids below `END` are no words and
# are left out. The search runs on after a row's end token, so what follows that is cut off. (`step`
# gives logits, the next state, and weights that lesson 3 needs. The package's search keeps several
# **hypotheses** a sentence along the second axis; a greedy one keeps one.)


# %%
def greedy(source, limit):
    state = model.start(source)
    token = np.full((len(source), 1), BEGIN)
    for i in range(limit):
        logits, state, _ = model.step(token, i, state)
        token = ops.argmax(logits[..., END:], axis=-1) + END
        yield token


# %%
LIMIT = 20
tokens = np.concatenate([*greedy(source, LIMIT)], axis=1)
ended = np.cumsum(tokens == END, axis=1) - (tokens == END) > 0
tokens = np.where(ended, PADDING, tokens)
limits = np.full(batch, LIMIT, "int32")
packaged = search.Search(model, search.Greedy()).generate(source, limits, LIMIT)
np.testing.assert_array_equal(tokens, packaged.tokens[:, 0])

# %% tags=["nbval-ignore-output"]
columns = (source, tokens, labels)
for texts in zip(*(tokenizer.detokenize(each[:4]).numpy() for each in columns), strict=True):
    for name, text in zip(("source", "greedy", "reference"), texts, strict=True):
        print(f"{name:>9}: {text.decode()}")
    print()

# %% [markdown]
# **Often said, and wrong: the training searches for translations and compares them.** Ours never
# does. (There are others: minimum risk training, of Shen et al. 2016.) Below, two other searches,
# of lesson 4, run beside the greedy one. They do not all translate alike, and the loss knows
# nothing of them: `masked_loss` takes labels and logits: the reference, and what the model made of
# the source and the reference. So a lower loss is not yet a better translation; lesson 4 returns to
# it.

# %% tags=["nbval-ignore-output"]
strategies = (search.Greedy(), search.Beam(4), search.Sampling(seed=SEED))
searches = [search.Search(model, each) for each in strategies]
found = [each.generate(source, limits, LIMIT).tokens[:, 0] for each in searches]
differ = (np.array(found[0]) != np.array(found[2])).any(axis=1)
row = int(np.argmax(differ))
for strategy, tokens in zip(strategies, found, strict=True):
    (text,) = tokenizer.detokenize(tokens[row : row + 1]).numpy()
    print(f"{type(strategy).__name__:9} {text.decode()}")
assert differ.any()

# %% [markdown]
# ## How far back does a gradient reach?
#
# **Why.** A word at the beginning can decide the last word of a translation. To learn that, the
# gradient of the loss $L$ must pass all the steps between. The last state was made by the state
# before, and so on, so it is a product:
#
# $$\frac{\partial L}{\partial h_{T-k}} =
# \frac{\partial L}{\partial h_T} \; \prod_{t=T-k+1}^{T} \frac{\partial h_t}{\partial h_{t-1}}$$
#
# | symbol | what it is |
# | --- | --- |
# | $T$ | the last step |
# | $k$ | the **distance**: how many steps back |
# | $\partial h_t / \partial h_{t-1}$ | how a step passes on a change of its state, a matrix |
#
# (In the product of matrices the last step's stands first.) A product of $k$ factors that are a
# little too small, or a little too large:

# %%
for factor in (0.8, 1.0, 1.2):
    print(f"{factor} to the power of 60 is {factor**60:.2g}")

# %% [markdown]
# The first is a **vanishing**, the last an **exploding** gradient. We measure it: random inputs for
# `STEPS` steps, and as $L$ how far the last state lies in some random direction. The gradient of
# $L$ at every state on the way has a length, its **norm**. The two `drop` arguments serve later.

# %%
STEPS, SENTENCES, INNER = 60, 16, 64
noise = 0.3 * keras.random.normal((STEPS, SENTENCES, INNER), seed=SEED)
direction = 0.1 * keras.random.normal((SENTENCES, INNER), seed=SEED + 1)


def gradients(cell, drop_inputs=0.0, drop_state=0.0):
    seed = keras.random.SeedGenerator(SEED)
    with tf.GradientTape() as tape:
        states = [cell.initial_state(SENTENCES)]
        tape.watch(states)
        for x in noise:
            x = keras.random.dropout(x, drop_inputs, seed=seed)
            h = keras.random.dropout(states[-1], drop_state, seed=seed)
            states.append(cell(cell.project(x), h))
        L = ops.mean(ops.sum(direction * cell.output(states[-1]), axis=-1))
    return tape.gradient(L, [states[::-1], cell.trainable_weights])


# %% [markdown]
# The norm is a mean over sentences, and 1 at distance 0:


# %%
def norms(cell):
    of_states, _ = gradients(cell)
    lengths = [float(ops.mean(ops.norm(each, axis=-1))) for each in of_states]
    return np.array(lengths) / lengths[0]


# %% [markdown]
# ### Simple RNN, LSTM and GRU
#
# A **simple RNN** has no gate: $h_t = \tanh(W x_t + U h_{t-1} + b)$. An **LSTM** is older than the
# GRU. It has a second state, the memory $q_t = f_t \odot q_{t-1} + i_t \odot g_t$, and its **forget
# gate** $f_t$ does what $z_t$ does in a GRU; $i_t$ and $o_t$ are two more gates, $g_t$ is the
# candidate, and the output is $h_t = o_t \odot \tanh q_t$. Its norm below is that of both states
# side by side. All three with new weights (among them the biases of the gates that decide what is
# kept: that of a new LSTM's $f$ is 1, after Gers et al. 2000, that of a new GRU's $z$ is 0):


# %%
def new_cell(kind, scale=1.0):
    cell = kind(INNER)
    cell.build((None, INNER))
    cell.recurrent_kernel.assign(scale * cell.recurrent_kernel)
    return cell


kinds = {"simple RNN": layers.SimpleRNNCell, "LSTM": layers.LSTMCell, "GRU": layers.GRUCell}
new = {name: norms(new_cell(kind)) for name, kind in kinds.items()}


# %%
def draw(axes, curves, title, legend="upper left"):
    for name, values in curves.items():
        axes.plot(values, label=name, markevery=10)
    axes.set(yscale="log", ylim=(1e-12, 1e9), title=title, xlabel="distance k")
    axes.legend(fontsize=8, loc=legend)


figure, axes = plt.subplots(figsize=(5.5, 3.2))
draw(axes, new, "new weights", legend="lower left")
axes.set(ylabel="norm, 1 at distance 0", ylim=(1e-12, 10))
show(
    figure,
    alt="The gradient's norm by distance, on a logarithmic scale: three lines that fall steadily, "
    "that of the GRU fastest.",
)

# %% [markdown]
# **Often said, and wrong: a GRU has no vanishing gradient.** A new GRU loses it faster than a new
# simple RNN. Its $z$ is near one half, and half of a half of a half is soon nothing. What a gate
# gives is a factor that can be *learned*: where $z$ goes to 1, so does the factor.

# %% tags=["nbval-ignore-output"]
print("distance       " + "".join(f"{k:>9}" for k in (10, 20, 60)))
for name, values in new.items():
    print(f"{name:14}", *(f"{values[k]:8.0e}" for k in (10, 20, 60)))
assert new["GRU"][20] < new["simple RNN"][20]
assert max(values[60] for values in new.values()) < 1e-3

# %% [markdown]
# ### What initialisation changes, and what gates change
#
# Left, simple RNNs whose first $U$ is a matrix that changes no length (**orthogonal**, as in the
# package), times a number. Right, GRUs whose update gate has a bias $b_z$, as training might set
# it.


# %%
def open_gru(b_z):
    cell = new_cell(layers.GRUCell)
    cell.bias.assign(np.repeat([b_z, 0, 0, 0, 0, 0], INNER).reshape(2, -1))
    return cell


scaled = {f"U times {s}": norms(new_cell(layers.SimpleRNNCell, s)) for s in (0.5, 1, 1.5, 3)}
opened = {f"$b_z$ = {b}": norms(open_gru(b)) for b in (0, 1, 3, 5)}

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
draw(left, scaled, "initialisation: simple RNN")
draw(right, opened, "gates: GRU")
left.set(ylabel="norm, 1 at distance 0")
show(
    figure,
    alt="Left, simple RNNs: for half of U the gradient falls to nothing, for three times U it "
    "rises by many powers of ten. Right, GRUs: the larger the bias, the flatter the line.",
)

# %% [markdown]
# Initialisation sets the slope, but only at first, and between vanishing and exploding there is
# little room. A gate sets the slope too, for each unit, and training can move it. (With the bias 1
# for its gate, as the LSTM has it, the new GRU falls about as the new LSTM does: much of what stood
# between the two was a starting value.)

# %% tags=["nbval-ignore-output"]
for name, values in (scaled | opened).items():
    print(f"{name:14}", *(f"{values[k]:8.0e}" for k in (10, 20, 60)))
assert scaled["U times 0.5"][40] < 1e-9
assert scaled["U times 3"][40] > 1e3
assert opened["$b_z$ = 5"][60] > 0.3
assert abs(np.log10(opened["$b_z$ = 1"][60] / new["LSTM"][60])) < 1.5

# %% [markdown]
# ### What clipping changes
#
# Clipping makes a gradient that is too long shorter, and leaves its direction:
#
# $$\hat{\nabla} = \nabla \cdot \min\!\left(1, \frac{a}{\lVert \nabla \rVert}\right)$$
#
# | symbol | what it is |
# | --- | --- |
# | $\nabla$, $\hat{\nabla}$ | the gradient of all weights, before and after |
# | $a$ | the longest that is allowed, `global_clipnorm` |
#
# The gradient of $U$ has a term for each step back, in proportion to the curves above. Clipping
# multiplies their sum, so every term shrinks alike, and with it the whole curve.


# %%
def clip_factor(cell, a=1.0):
    _, of_weights = gradients(cell)
    return min(1.0, a / float(tf.linalg.global_norm(of_weights)))


cells = {"exploding": new_cell(layers.SimpleRNNCell, 3.0), "vanishing": open_gru(0.0)}
factors = {name: clip_factor(each) for name, each in cells.items()}
curves = {name: norms(each) for name, each in cells.items()}
clipped = {f"{name}, clipped": values * factors[name] for name, values in curves.items()}

# %%
figure, axes = plt.subplots(figsize=(5.5, 3.2))
draw(axes, curves | clipped, "clipping")
axes.set(ylabel="norm, 1 at distance 0, not clipped")
show(
    figure,
    alt="The rising line of a simple RNN with three times U lies lower once it is clipped, and "
    "rises as steeply. The falling line of a new GRU is the same clipped and not.",
)

# %% [markdown]
# Clipping moves a curve down and leaves its slope. So an exploding gradient no longer throws all
# weights far away with one update. A vanishing one has nothing to clip.
#
# ### What dropout changes
#
# **Dropout** sets random values to zero in training, so that no unit can rely on one other. It is
# meant against learning by heart, not for gradients. But where it is put matters. On the inputs of
# a step it leaves the way back alone. On the state, it wipes out a part of the memory at every
# step. We count the units that a gradient still reaches: those where it is not a thousand times
# smaller than the largest.


# %%
def reached(cell, **drops):
    of_states, _ = gradients(cell, **drops)
    sizes = [np.abs(each) for each in of_states]
    return np.array([np.mean(size > 1e-3 * size.max()) for size in sizes])


dropped = {
    "none": reached(open_gru(5.0)),
    "on the inputs": reached(open_gru(5.0), drop_inputs=0.3),
    "on the state": reached(open_gru(5.0), drop_state=0.3),
}

# %%
figure, axes = plt.subplots(figsize=(5.5, 3))
for name, shares in dropped.items():
    axes.plot(shares, label=name, markevery=10)
axes.set(title="dropout, GRU with $b_z$ = 5", xlabel="distance k", ylim=(0, 1.05))
axes.set(ylabel="units reached, share")
axes.legend()
show(
    figure,
    alt="Without dropout, and with dropout on the inputs, the gradient reaches all units over "
    "sixty steps. With dropout on the state it soon reaches few.",
)

# %% [markdown]
# So the package drops only what is not recurrent: embedded tokens, readouts, and what one recurrent
# layer hands to the next one above it.
#
# **Often mixed up: what helps against what.** Gates help against vanishing gradients, clipping
# against exploding ones, and neither does the other's work. Clipping leaves a vanishing gradient as
# it is, and a gated cell explodes as well where its weights are large enough. The factors of
# clipping, the units reached after 60 steps, and such a GRU:

# %% tags=["nbval-ignore-output"]
print({name: float(f"{factor:.0e}") for name, factor in factors.items()})
print({name: f"{shares[60]:.0%}" for name, shares in dropped.items()})
assert factors["vanishing"] == 1 and factors["exploding"] < 1e-3
exploding_gru = norms(new_cell(layers.GRUCell, 12.0))[60]
print(f"GRU, U times 12: norm {exploding_gru:.0e} at distance 60")
assert exploding_gru > 1e3
assert dropped["on the inputs"][60] > 0.9 and dropped["on the state"][60] < 0.3

# %% [markdown]
# ## Where it breaks
#
# Now the test split, and one whose sentences are all long. **BLEU** compares translations with
# references, from 0 to 100: the share of the translations' word sequences that the references have,
# times a factor below 1 if the translations are shorter. Here it is for sources of similar length:

# %%
splits = {corpus.split_names[2]: 400}
if "long" in corpus.split_names:
    splits["long"] = 200
test = [pair for split, count in splits.items() for pair in corpus.split(split)[:count]]
sources, references = zip(*test, strict=True)
translator = search.Translator.of(search.TextToText(model, tokenizer, max_length=64))
translations = [each.text for each in translator.translate(list(sources))]

# %%
by_length = evaluation.bleu_by_length(sources, translations, references, width=4, bins=6)
show(
    evaluation.length_figure({"fixed context": by_length}),
    alt="BLEU by the number of words in the source: high for short sentences, then falling "
    "steeply. Below, how many sentences each point rests on.",
)

# %% tags=["nbval-ignore-output"]
for part in by_length:
    print(f"{part['first']:2} to {part['last'] or 'more':>4} words: BLEU {part['bleu']:5.1f}")
first_split = slice(0, splits[corpus.split_names[2]])
print(
    "test:", round(evaluation.score(translations[first_split], references[first_split])["bleu"], 1)
)
assert CORPUS != "grammar" or by_length[1]["bleu"] > 1.5 * by_length[-1]["bleu"]

# %% [markdown]
# The same weights, the same words, only more of them at once. (Long sentences are rarer in the
# training split too. Lesson 3 trains on the same split and compares.) Read what the model does with
# them: most parts could be the translation of some sentence, but not of this one.

# %% tags=["nbval-ignore-output"]
for index in (-1, -2, -3):
    for name, column in (("source", sources), ("greedy", translations), ("reference", references)):
        print(textwrap.fill(f"{name:>9}: {column[index]}", 90, subsequent_indent=11 * " "))
    print()

# %% [markdown]
# Which words are lost? The corpus knows which words of a pair belong together: its **gold
# alignments**. So a word of the source is right if its partner in the reference is in the
# translation, too, and these partners stand in the reference's order. We ask it of the shortest
# third of all sentences and of the longest third, by the word's place in its sentence.


# %%
columns = {"hypotheses": translations, "references": references}
if corpus.gold_alignments:
    gold = [links for split, count in splits.items() for links in corpus.alignments(split)[:count]]
    columns |= {"sources": sources, "alignments": gold}


def right_by_position(chosen):
    some = {name: [column[i] for i in chosen] for name, column in columns.items()}
    return evaluation.right_by_position(**some, bins=6)


order = np.argsort([len(text.split()) for text in sources], kind="stable")
third = len(order) // 3
curves = {"shortest third": order[:third], "longest third": order[-third:]}
curves = {name: right_by_position(chosen) for name, chosen in curves.items()}

# %%
figure, axes = plt.subplots(figsize=(5.5, 3))
for name, parts in curves.items():
    places = [(part["first"] + part["last"]) / 2 for part in parts]
    axes.plot(places, [part["right"] for part in parts], label=name)
axes.set(xlabel="place in the sentence, from 0 to 1", ylabel="share of words right", ylim=(0, 1))
axes.legend(title="sources")
show(
    figure,
    alt="The share of words that are right by their place in the sentence. In short sentences it "
    "falls slowly, in long ones it is high only at the very beginning.",
)

# %% tags=["nbval-ignore-output"]
for name, rows in curves.items():
    print(f"{name}:", *(f"{each['right']:4.0%}" for each in rows))
short, long = (np.array([each["right"] for each in rows]) for rows in curves.values())
assert CORPUS != "grammar" or (short.mean() > long.mean() and long[0] > long[1:].mean() + 0.1)

# %% [markdown]
# Most of the first words are right, in long sentences too. After them come mostly fluent pieces of
# other sentences, and most words are wrong: $c$ has no more numbers for this sentence than for one
# of three words.
#
# ## Summary
#
# - An **embedding** is a table; a **mask** says what is padding, and no layer may forget it.
# - A **GRU** makes its new state from the old one and a candidate, in shares that its update gate
#   sets.
# - The **encoder** gives an annotation for every position, and a context for the whole.
# - The **decoder** reads the token before and the context. In training that token is the
#   reference's, shifted right; in a search it is its own.
# - The **loss** is a mean over real labels. No search takes part in it.
# - **Initialisation** sets how far a gradient reaches at first. **Gates** can learn to let it
#   through, **clipping** bounds it where it explodes, **dropout** stays off the state.
# - A context of **fixed size** fails on long sentences.
#
# ## Exercises
#
# **1.** Find biases with which the GRU of this lesson keeps its state whatever it reads, and others
# with which it takes the candidate alone. (`x`, `before`, `g` and `biases` are those of its step.)

# %% tags=["solution"]
# Solution 1
for b_z, expected in ((30.0, before), (-30.0, g)):
    extreme = layers.GRUCell(UNITS)
    extreme.build((None, EMBEDDING))
    extreme.set_weights(cell.get_weights())
    extreme.bias.assign(np.concatenate([biases[:, :UNITS] * 0 + b_z, biases[:, UNITS:]], axis=1))
    after = extreme(extreme.project(x[:, 0]), before)
    np.testing.assert_allclose(after, expected, atol=1e-4)

# %% [markdown]
# **2.** The backward direction is a forward one that reads the sentence turned round. Show it for a
# sentence without padding: an encoder with `bidirectional=False` and the right weights gives the
# second half of the model's `summary`. (`model.encode(source)` has that one. The backward cell is
# `model.encoder.backward_cells[0]`, the source's table `model.source_embedding`.)

# %% tags=["solution"]
# Solution 2
full = source[(source != PADDING).all(axis=1)][:1]
backward = layers.RecurrentEncoder(UNITS, bidirectional=False)
backward.build((None, None, EMBEDDING))
backward.forward_cells[0].set_weights(model.encoder.backward_cells[0].get_weights())
turned = model.source_embedding(full[:, ::-1])
state = backward(turned, mask=full != PADDING).state
np.testing.assert_allclose(state, model.encode(full).summary[:, UNITS:], atol=1e-5)

# %% [markdown]
# **3.** If $z$ alone decided, with which bias $b_z$ would half of a gradient survive 30 steps?
# Compute it, then measure with `norms(open_gru(...))`.

# %% tags=["solution"]
# Solution 3
z_half = 0.5 ** (1 / 30)
b_half = np.log(z_half / (1 - z_half))
print(f"z = {z_half:.3f}, b_z = {b_half:.2f}")
assert 0.35 < norms(open_gru(b_half))[30] < 0.65

# %% [markdown]
# ## Papers
#
# - Cho et al. (2014), *Learning Phrase Representations using RNN Encoder-Decoder for Statistical
#   Machine Translation*:
#   <https://arxiv.org/abs/1406.1078>
# - Gers, Schmidhuber and Cummins (2000), *Learning to Forget: Continual Prediction with LSTM*:
#   <https://doi.org/10.1162/089976600300015015>
# - Shen et al. (2016), *Minimum Risk Training for Neural Machine Translation*:
#   <https://aclanthology.org/P16-1159>
#
# ## What comes next
#
# The encoder computes an annotation for every word, and then the decoder sees one vector. Lesson 3
# lets it look at all of them, and at those that matter most: **attention**.
