# %% [markdown]
# # 5. Transformer
#
# Lesson 3 gave a recurrent decoder attention. Vaswani et al. (2017) asked what happens without the
# recurrence: "Attention is all you need". The network of that paper, the **Transformer**, is what
# translators and language models are made of today.
#
# **Objectives.** After this lesson you can
# - say what positions, queries, keys, values, heads, masks and blocks are for, and what breaks
#   without positions, scale and masks;
# - write multi-head attention yourself, equal to the package's layer and to Keras's;
# - train a small Transformer, see what each of its heads looks at, and test what it is for;
# - decode with a cache of keys and values, and say what runs in parallel and what it all costs;
# - tell encoder-decoder, encoder-only and decoder-only models apart by their masks.
#
# **What you need:** Keras's basics; padding, masks and the shifted target from lesson 1; encoder,
# decoder and teacher forcing from lesson 2; scores, softmax and context from lesson 3.

# %%
import itertools
import tempfile
import time

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import ops

from s2s_keras import evaluation, layers, models, search
from s2s_keras.corpora import load_corpus
from s2s_keras.lessons import show, show_training
from s2s_keras.pipeline import Batches, to_dataset, tokenize_pairs
from s2s_keras.special_ids import BEGIN
from s2s_keras.tokenizer import Tokenizer

CORPUS = "grammar"  # or "multi30k" or "tatoeba"
SEED = 0
keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## 1. Why: a chain is slow and forgets
#
# A recurrent network reads a sentence as a chain: each state needs the state before it. That has
# two prices. The steps of a sentence must wait for each other, however many processors there are.
# And what the first token tells the last one passes through all the steps between; lesson 2 showed
# how little of a gradient arrives.
#
# In **self-attention** every position looks at every other one directly.

# %%
n = 8
inputs, outputs = [(t, 0) for t in range(n)], [(t, 1) for t in range(n)]
chain = [*zip(inputs, outputs, strict=True), *itertools.pairwise(outputs)]
direct = [(i, o) for i in inputs for o in outputs]
paths = {"recurrence": [chain[0], *chain[n:]], "self-attention": [(inputs[0], outputs[-1])]}
for name, path in paths.items():
    print(f"{name:15} {len(path)} steps from the first input to the last output")

# %%
figure, panels = plt.subplots(1, 2, figsize=(8, 1.8))
for axes, (name, path), edges in zip(panels, paths.items(), (chain, direct), strict=True):
    for edge in edges:
        axes.plot(*zip(*edge, strict=True), "o-", color="0.75", linewidth=0.7)
    for start, end in path:
        axes.annotate("", end, start, arrowprops={"arrowstyle": "->", "linewidth": 2})
    axes.set_title(name)
    axes.axis("off")
show(
    figure,
    "Inputs below, outputs above. In a recurrence the way from the first input to the last output "
    "leads through all states between; in self-attention it is one edge.",
)

# %% [markdown]
# ## 2. The model that we take apart
#
# We build the whole model now, untrained, with layers of the package. Then we build each of its
# parts by hand, and compare. The paper's symbols for the sizes, and how large they are (heads,
# queries, keys, feed-forward networks and blocks are explained in sections 4 to 7):

# %%
d_model, h, d_ff, N = 128, 4, 256, 2
d_k = d_model // h
print("symbol   here  paper  what it is")
for symbol, here, paper, meaning in (
    ("d_model", d_model, 512, "width: numbers in the vector of a position"),
    ("h", h, 8, "heads of an attention"),
    ("d_k", d_k, 64, "numbers in a query or key of one head, d_model / h"),
    ("d_ff", d_ff, 2048, "width inside of the feed-forward networks"),
    ("N", N, 6, "blocks in the encoder, and in the decoder"),
):
    print(f"{symbol:8} {here:4} {paper:6}  {meaning}")

# %% [markdown]
# Source, target and softmax share one table of embeddings: the vocabulary is of both languages.
# There is no dropout: our training sees each sentence only a few times.

# %%
corpus = load_corpus(CORPUS, "de", "en")
train_pairs = corpus.split("train")
tokenizer = Tokenizer.train((text for pair in train_pairs for text in pair), 2000)
V_size = tokenizer.vocabulary_size
print(f"{len(train_pairs):,} pairs, {V_size} tokens in the vocabulary")

# %%
encoder = layers.TransformerEncoder(N, h, d_ff, dropout=0.0)
decoder = layers.TransformerDecoder(N, h, d_ff, dropout=0.0)
model = models.EncoderDecoder(V_size, d_model, encoder, decoder, shared_embedding=True)
model.build()
print(f"{model.count_params():,} weights")

# %% [markdown]
# And a real batch: three pairs, padded with 0. The decoder reads `target`, whose first token is the
# begin token. `x` is the embedded source, `y` the embedded target.

# %%
PAIRS = [
    ("Sie liest das Buch.", "She is reading the book."),
    ("Wann hat sie das Radio ausgeschaltet?", "When did she turn off the radio?"),
    (
        "Meine Großmutter hofft, dass wir gestern das schöne Meer angeschaut haben.",
        "My grandmother hopes that we looked at the beautiful sea yesterday.",
    ),
]
ids = tokenize_pairs(PAIRS, tokenizer)
source = keras.utils.pad_sequences(ids.sources, padding="post")
target = keras.utils.pad_sequences(ids.targets, padding="post")[:, :-1]

# %%
x, y = model.source_embedding(source), model.target_embedding(target)
batch, S, T = *source.shape, target.shape[1]
print("x: batch, source, d_model =", x.shape)
print("y: batch, target, d_model =", y.shape)
assert x.shape == (batch, S, d_model) and y.shape == (batch, T, d_model)

# %% [markdown]
# ## 3. Positions
#
# A direct look at every other position has a price: attention sees a *set* of vectors. Nothing in
# it knows which comes first. We shuffle the tokens of the longest sentence and send them through a
# block of the encoder. (Section 7 says what a block is. `bias` is where a mask goes in; zeros mask
# nothing.) The same vectors come out, shuffled in the same way. Such a function is called
# *permutation-equivariant*.

# %%
block = encoder.blocks[0]
no_mask = ops.zeros((1, 1, 1, 1))
order = np.random.default_rng(SEED).permutation(S)
sentence = x[2:]
in_order = block(sentence, bias=no_mask)
shuffled = block(ops.take(sentence, order, axis=1), bias=no_mask)
assert np.allclose(shuffled, ops.take(in_order, order, axis=1), atol=1e-5)
print("order of the tokens:", order)
print("order of the outputs: shuffled alike, and unchanged otherwise")

# %% [markdown]
# So "the dog bites the man" and "the man bites the dog" would be one sentence. The paper *adds* a
# vector to each embedded token that says where it stands, made of sines and cosines:
#
# $$PE_{(pos,\,2i)} = \sin\left(pos / 10000^{2i/d_{model}}\right)$$
#
# $$PE_{(pos,\,2i+1)} = \cos\left(pos / 10000^{2i/d_{model}}\right)$$
#
# | symbol | what it is | shape here |
# |---|---|---|
# | $pos$ | positions, from 0 | `(600, 1)` |
# | $i$ | pairs of a sine and a cosine, from 0 | `(d_model / 2,)` |
# | $PE$ | a vector for each position, of numbers between -1 and 1 | `(600, d_model)` |

# %%
pos, i = np.arange(600)[:, None], np.arange(d_model // 2)
angle = pos / 10000 ** (2 * i / d_model)
PE = np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(600, d_model).astype("float32")
assert np.allclose(PE, layers.sinusoidal_positions(ops.arange(600.0), d_model), atol=1e-3)
print("by hand = packaged:", PE.shape)

# %%
figure, axes = plt.subplots(figsize=(6, 3))
image = axes.imshow(PE[:60], aspect="auto")
axes.set(xlabel="which of the d_model numbers", ylabel="pos")
figure.colorbar(image, ax=axes, label="$PE$")
show(
    figure,
    "Position vectors, one a row: waves that swing fast with the position in the first numbers, "
    "and ever more slowly towards the last.",
)

# %% [markdown]
# Read a row as the hands of many clocks, from fast to slow: each pair of numbers is one hand. How
# alike are two positions? We multiply their vectors.

# %%
distances = np.arange(-15, 16)
figure, axes = plt.subplots(figsize=(5, 2.6))
for place in (20, 40):
    products = PE[place + distances] @ PE[place]
    axes.plot(distances, products, label=f"pos {place}", markevery=(place // 8, 5))
axes.set(xlabel="distance of two positions", ylabel="product of their vectors")
axes.legend()
show(
    figure,
    "The product of two position vectors falls with their distance, and is the same around "
    "positions 20 and 40.",
)

# %% [markdown]
# It depends on their distance alone, the same on either side. The side can be asked for, too:
# exercise 1 shows of a step of three that it is a rotation, the same everywhere.
#
# With positions the order counts: a shuffled sentence now gives other vectors.

# %%
X = encoder.positions(x)
assert np.allclose(X, x + PE[:S], atol=1e-4)
in_order = block(X[2:], bias=no_mask)
shuffled = block(encoder.positions(ops.take(sentence, order, axis=1)), bias=no_mask)
difference = ops.max(ops.abs(shuffled - ops.take(in_order, order, axis=1)))
print(f"largest difference of a number: {float(difference):.1f}")
assert difference > 0.5

# %% [markdown]
# ### Often said, and wrong: "adding positions garbles the words"
#
# With 128 numbers there is room for both. From the sums alone we find again which token and which
# position went in, among all tokens and 60 positions: the pair whose sum is nearest.

# %%
table = np.asarray(model.source_embedding.embeddings) * d_model**0.5
without_position = np.asarray(X[2])[:, None] - PE[:60]  # (tokens, positions, d_model)
distance = (without_position**2).sum(axis=-1, keepdims=True) + (table**2).sum(axis=-1)
distance -= 2 * without_position @ table.T
found = distance.reshape(S, -1).argmin(axis=1)
print("positions", *(found // V_size))
print("tokens   ", *tokenizer.pieces(found % V_size))
assert (found // V_size == np.arange(S)).all() and (found % V_size == source[2]).all()

# %% [markdown]
# ## 4. Scaled dot-product attention
#
# In lesson 3 a decoder's state asked, and the annotations were both what was compared and what was
# read. The Transformer separates the roles. Each position sends out three vectors, which are three
# products of its vector with learned matrices: a **query**, what it is looking for; a **key**, what
# it can be found by; a **value**, what it hands over.
#
# $$\mathrm{Attention}(Q, K, V) = \mathrm{softmax}\left(\frac{Q K^\top}{\sqrt{d_k}}\right) V$$
#
# | symbol | what it is | shape |
# |---|---|---|
# | $Q$ | queries, one row a position that asks | `(queries, d_k)` |
# | $K$ | keys, one row a position that is asked | `(positions, d_k)` |
# | $V$ | values, likewise (the paper's $d_v$ is its $d_k$) | `(positions, d_k)` |
# | $Q K^\top$ | scores: every query times every key | `(queries, positions)` |
# | softmax(...) | weights: each row sums to one | `(queries, positions)` |
#
# `allowed` is False where a query may not look. As in lesson 3, such a score becomes minus a
# billion *before* the softmax. All further axes, such as the batch, stand in front.


# %%
def softmax(scores):
    powers = ops.exp(scores - ops.max(scores, axis=-1, keepdims=True))
    return powers / ops.sum(powers, axis=-1, keepdims=True)


def attention(Q, K, V, allowed):
    scores = Q @ ops.swapaxes(K, -1, -2) / Q.shape[-1] ** 0.5
    weights = softmax(ops.where(allowed, scores, -1e9))
    return weights @ V, weights


# %% [markdown]
# We call it on the batch, as *self*-attention: queries, keys and values all come from `X`. The
# matrices are those of the encoder's first head. (The package keeps $W^Q$, $W^K$ and $W^V$ side by
# side, so that one product computes all three.)

# %%
W_Q, W_K, W_V = ops.split(block.attention.kernel, 3, axis=1)
Q, K, V = X @ W_Q[:, :d_k], X @ W_K[:, :d_k], X @ W_V[:, :d_k]
contexts, weights = attention(Q, K, V, allowed=True)
print("Q", Q.shape, " weights", weights.shape, " contexts", contexts.shape)
assert weights.shape == (batch, S, S) and contexts.shape == (batch, S, d_k)
assert np.allclose(ops.sum(weights, axis=-1), 1, atol=1e-5)

# %% [markdown]
# ### Why divide by $\sqrt{d_k}$?
#
# A score is a sum of $d_k$ products. If the numbers of queries and keys are independent, of mean 0
# and variance 1, each product has variance 1, and the sum has variance $d_k$. Divided by
# $\sqrt{d_k}$ it has variance 1 again, whatever the size of a head. Measured on random vectors:

# %%
rng = np.random.default_rng(SEED)
sizes = [4, 16, 64, 256, 1024]
for size in sizes:
    q, k = rng.normal(size=(2, 5000, size))
    scores = (q * k).sum(axis=-1)
    scaled = scores / np.sqrt(size)
    print(f"d_k {size:4}: variance of the scores {scores.var():5.0f}, scaled {scaled.var():.1f}")
    assert abs(scores.var() / size - 1) < 0.05

# %% [markdown]
# ### Often said, and wrong: "the scale only keeps the softmax from overflowing"
#
# A softmax subtracts the largest score first, as ours does, so nothing overflows. What large scores
# destroy is the gradient. One of them wins all the weight, $\alpha$ becomes a choice, and the
# derivative of a softmax, $\mathrm{diag}(\alpha) - \alpha \alpha^\top$, goes to zero. We measure it
# for 500 queries at 20 keys each.


# %%
def softmax_gradient(scores):
    alpha = ops.convert_to_numpy(softmax(scores))
    jacobian = alpha[:, :, None] * (np.eye(alpha.shape[1]) - alpha[:, None])
    return np.linalg.norm(jacobian, axis=(1, 2)).mean()


# %%
q, k = rng.normal(size=(500, 1, 1024)), rng.normal(size=(500, 20, 1024))
raw = {size: (q[..., :size] * k[..., :size]).sum(axis=-1) for size in sizes}
unscaled = [softmax_gradient(raw[size]) for size in sizes]
scaled = [softmax_gradient(raw[size] / np.sqrt(size)) for size in sizes]
for name, values in (("d_k", sizes), ("unscaled", unscaled), ("scaled", scaled)):
    print(f"{name:8}", *(f"{value:7.4g}" for value in np.round(values, 2)))
assert unscaled[-1] < 0.3 * unscaled[0] and scaled[-1] > 0.8 * scaled[0]

# %%
figure, axes = plt.subplots(figsize=(5, 2.8))
axes.plot(sizes, unscaled, label="$QK^T$")
axes.plot(sizes, scaled, label="$QK^T / \\sqrt{d_k}$")
axes.set(xscale="log", ylim=0, xlabel="$d_k$", ylabel="norm of the softmax's derivative")
axes.legend()
show(
    figure,
    "The norm of the softmax's derivative by the size of a head: it falls towards zero without "
    "the scale, and stays where it is with it.",
)

# %% [markdown]
# ## 5. Masks
#
# A mask says who may look at whom. The model has three attentions, each with its own:
#
# - the encoder looks at the source, but not at padding;
# - the decoder looks at the target, but not at what comes later: a **causal mask**. While training
#   it reads a target that it shall learn to write, and must not see the answer;
# - the decoder looks at the source, which is called **cross-attention**, but not at padding.

# %%
padding = source != 0
causal = np.tril(np.ones((T, T), bool))
masks = {
    "encoder": np.broadcast_to(padding[0], (S, S)),
    "decoder, itself": causal,
    "decoder, source": np.broadcast_to(padding[0], (T, S)),
}
assert masks["encoder"][0].sum() == len(ids.sources[0])


# %%
def draw(axes, mask, title, black=1.5):
    axes.pcolormesh(mask, cmap="Greys", vmin=0, vmax=black, edgecolor="0.9", linewidth=0.5)
    axes.set(title=title, aspect="equal", ylim=(len(mask), 0), xticks=[], yticks=[])


def label(axes, columns, rows):
    axes.set_xticks(0.5 + np.arange(len(columns)), columns, rotation=90, fontsize=7)
    axes.set_yticks(0.5 + np.arange(len(rows)), rows, fontsize=7)
    axes.tick_params(length=0)


def pieces(ids):  # An open box, where a word begins.
    return [piece.replace("\u2581", "\u2423") for piece in tokenizer.pieces(ids)]


# %%
german, english = pieces(source[0]), pieces(target[0])
labels = [(german, german), (english, english), (german, english)]
figure, panels = plt.subplots(1, 3, figsize=(9, 3.2))
for axes, (name, mask), (columns, rows) in zip(panels, masks.items(), labels, strict=True):
    draw(axes, mask, name)
    label(axes, columns, rows)
show(
    figure,
    "Masks of the first, shortest pair: a row for each token that looks, a column for each one "
    "that is looked at, dark where it may. Encoder: all real tokens. Decoder itself: the triangle "
    "on and below the diagonal. Decoder to source: all real tokens.",
)

# %% [markdown]
# The rows of padding are computed too, and nobody looks at what comes out. What about padding at
# the end of the *target*? It needs no mask of its own: for every real token it is later, so the
# causal mask hides it. And the loss leaves it out.
#
# ### Often said, and wrong: "the causal mask makes training sequential"
#
# The opposite: with it, one call is enough. Each position answers as if the target ended there. So
# one call on the whole target gives what a call for every prefix would give, and without the mask
# each prefix would need a call of its own. (They need not wait for each other: teacher forcing
# knows all prefixes. This is its second advantage, which lesson 2 promised.)

# %%
encoded = encoder(x, mask=padding)
readouts, _ = decoder(y, encoded)
for t in range(1, T):
    of_prefix, _ = decoder(y[:, : t + 1], encoded)
    assert np.allclose(of_prefix[:, -1], readouts[:, t], atol=1e-4)
print(f"one call gives what {T - 1} shorter calls give:", readouts.shape)

# %% [markdown]
# ## 6. Heads
#
# One softmax makes one mixture. A verb may want to look at its subject and at its object, and a
# mixture of both is neither. So there are $h$ attentions side by side, the **heads**, each with
# small queries, keys and values of its own:
#
# $$\mathrm{head}_i = \mathrm{Attention}(Q W_i^Q,\; K W_i^K,\; V W_i^V)$$
#
# $$\mathrm{MultiHead}(Q, K, V) = \mathrm{Concat}(\mathrm{head}_1, \ldots, \mathrm{head}_h)\, W^O$$
#
# | symbol | shape |
# |---|---|
# | $W_i^Q$, $W_i^K$, $W_i^V$ | `(d_model, d_k)` |
# | $W^O$ | `(h * d_k, d_model)` |
#
# Here $Q$, $K$ and $V$ stand for what goes *into* the layer. In self-attention all three are the
# same `X`. In cross-attention $Q$ is the target and $K$ and $V$ are the encoded source. So our
# function takes `X`, which asks, and `Y`, which is asked. All heads are computed at once: the
# matrices stand side by side, and `heads_of` cuts their product into pieces.


# %%
def heads_of(projected):  # (batch, time, h * d_k) to (batch, h, time, d_k)
    return ops.swapaxes(ops.reshape(projected, (*projected.shape[:2], h, d_k)), 1, 2)


def side_by_side(heads):  # and back
    return ops.reshape(ops.swapaxes(heads, 1, 2), (heads.shape[0], -1, h * d_k))


def multi_head(X, Y, allowed, W_Q, W_K, W_V, W_O):
    heads, weights = attention(heads_of(X @ W_Q), heads_of(Y @ W_K), heads_of(Y @ W_V), allowed)
    return side_by_side(heads) @ W_O, weights


# %% [markdown]
# On the batch, with the padding mask. The package's layer takes the mask as a *bias*, which is
# added to the scores: 0 where one may look, minus a billion elsewhere.

# %%
W_O = block.attention.output_kernel
allowed = padding[:, None, None]  # (batch, heads, queries, positions)
by_hand, weights = multi_head(X, X, allowed, W_Q, W_K, W_V, W_O)
packaged = block.attention(X, bias=ops.where(allowed, 0.0, -1e9))
print("outputs", by_hand.shape, " weights", weights.shape)
assert weights.shape == (batch, h, S, S)
assert np.allclose(by_hand, packaged, atol=1e-5)

# %% [markdown]
# Keras has this layer too. It keeps each matrix as `(d_model, h, d_k)`. With the same weights it
# gives the same outputs, and the same attention weights.

# %%
keras_layer = keras.layers.MultiHeadAttention(num_heads=h, key_dim=d_k, use_bias=False)
keras_layer.build(X.shape, X.shape)
in_heads = [ops.reshape(W, (d_model, h, d_k)) for W in (W_Q, W_K, W_V)]
keras_layer.set_weights([*in_heads, ops.reshape(W_O, (h, d_k, d_model))])

# %%
outputs, keras_weights = keras_layer(
    X, X, attention_mask=padding[:, None], return_attention_scores=True
)
assert np.allclose(outputs, by_hand, atol=1e-5)
assert np.allclose(keras_weights, weights, atol=1e-5)
print("by hand = packaged = keras.layers.MultiHeadAttention")

# %% [markdown]
# ### Often said, and wrong: "more heads, more weights", and "`key_dim` is the model's width"
#
# The heads *share* the width, so their number changes no matrix, and no count of multiply-adds. (It
# does change how many scores there are: each head has its own, and a softmax over them.) But
# Keras's `key_dim` is the size of *one* head, $d_k$. Who passes `d_model` there gets an attention
# that is $h$ times as wide.


# %%
def weights_of(heads, key_dim):
    layer = keras.layers.MultiHeadAttention(heads, key_dim, use_bias=False)
    layer.build(X.shape, X.shape)
    return layer.count_params()


# %%
for heads in (1, 2, 4, 8, 16):
    right, wrong = weights_of(heads, d_model // heads), weights_of(heads, d_model)
    print(f"{heads:2} heads: {right:6,} weights; with key_dim = d_model {wrong:9,}")
    assert right == 4 * d_model**2 and wrong == heads * right

# %% [markdown]
# ## 7. Blocks
#
# Attention mixes positions. Between two mixtures each position works on what it got: a
# **feed-forward network** of two dense layers, the same at every position.
#
# $$\mathrm{FFN}(x) = \max(0,\; x W_1 + b_1)\, W_2 + b_2$$
#
# Attention and this network are a *sublayer* each. Two things keep a deep stack of them trainable.
# A **residual connection** adds the sublayer's input to its output, so that there is a straight way
# through. **Layer normalisation** gives the numbers of each position mean 0 and variance 1, and
# then a learned scale $\gamma$ and shift $\beta$:
#
# $$\mathrm{LayerNorm}(x) = \frac{x - \mathrm{mean}(x)}{\sqrt{\mathrm{var}(x) + \epsilon}}\;
# \gamma + \beta$$
#
# | symbol | shape |
# |---|---|
# | $W_1$, $b_1$ | `(d_model, d_ff)`, `(d_ff,)` |
# | $W_2$, $b_2$ | `(d_ff, d_model)`, `(d_model,)` |
# | $\gamma$, $\beta$ | `(d_model,)`, each |
# | $\epsilon$ | a tiny number, against division by zero |
#
# The paper normalises after the sum. Most models since normalise what the sublayer reads:
#
# $$\text{post-norm: } \mathrm{LayerNorm}(x + \mathrm{Sublayer}(x))$$
#
# $$\text{pre-norm: } x + \mathrm{Sublayer}(\mathrm{LayerNorm}(x))$$


# %%
def flow(axes, name, boxes):
    axes.annotate("", (3, 0), (-1, 0), arrowprops={"arrowstyle": "->"})
    style = {"boxstyle": "round", "facecolor": "white"}
    for place, box in enumerate(boxes):
        axes.text(place, 0, box, ha="center", va="center", bbox=style)
    end = boxes.index("+")
    axes.plot([-0.7, -0.7, end, end], [0, 0.5, 0.5, 0.2], "-k", marker="", linewidth=2)
    axes.plot(end, 0.2, "vk", markersize=7)
    axes.set(title=name, xlim=(-1, 3), ylim=(-0.2, 0.6))
    axes.axis("off")


# %%
figure, panels = plt.subplots(1, 2, figsize=(8.5, 1.3))
flow(panels[0], "post-norm", ["sublayer", "+", "norm"])
flow(panels[1], "pre-norm", ["norm", "sublayer", "+"])
show(
    figure,
    "Post-norm: sublayer, plus, norm; the bypass ends at the plus, before the norm. Pre-norm: "
    "norm, sublayer, plus; the bypass passes all of them, and nothing stands in its way.",
)

# %% [markdown]
# Our encoder is pre-norm. By hand, with the package's weights:


# %%
def layer_norm(x, layer):
    mean, variance = ops.moments(x, axes=-1, keepdims=True)
    return (x - mean) / ops.sqrt(variance + 1e-5) * layer.gamma + layer.beta


def feed_forward(x, layer):
    (W_1, b_1), (W_2, b_2) = layer.hidden.weights, layer.outer.weights
    return ops.relu(x @ W_1 + b_1) @ W_2 + b_2


# %%
def encoder_block(x, allowed, block):
    kernels = ops.split(block.attention.kernel, 3, axis=1)
    normed = layer_norm(x, block.attention_residual.normalization)
    outputs, weights = multi_head(normed, normed, allowed, *kernels, block.attention.output_kernel)
    x = x + outputs
    normed = layer_norm(x, block.feed_forward_residual.normalization)
    return x + feed_forward(normed, block.feed_forward), weights


# %% [markdown]
# The whole encoder: positions, then block after block, then one more normalisation, which pre-norm
# needs because its sum grows with every block. The package sets the rows of padding to zero.


# %%
def encode(x, padding):
    states, all_weights = x + PE[: x.shape[1]], []
    for block in encoder.blocks:
        states, weights = encoder_block(states, padding[:, None, None], block)
        all_weights.append(weights)
    return layer_norm(states, encoder.normalization) * padding[..., None], all_weights


# %%
annotations, _ = encode(x, padding)
assert annotations.shape == (batch, S, d_model)
assert np.allclose(annotations, encoded.annotations, atol=1e-4)
print("by hand = packaged: the encoder")

# %% [markdown]
# The decoder's block has three sublayers: self-attention with the causal mask, cross-attention to
# the annotations, feed-forward. Section 11 builds it by hand.
#
# ### Post-norm against pre-norm
#
# Why did most change sides? We build deep stacks of both, untrained, and measure two things. How
# hard does a loss pull at each block: the norm of the gradient of its feed-forward network's $W_1$.
# (The "loss" is a product with random numbers, which pulls every output somewhere.) And how much of
# the input is still in a block's output: the cosine between the two.


# %%
def gradients_of(stack):
    kernels = [block.feed_forward.hidden.kernel.value for block in stack.blocks]
    pull = np.random.default_rng(SEED).normal(size=x.shape)
    with tf.GradientTape() as tape:
        loss = ops.sum(stack(x, mask=padding).annotations * pull)
    return [float(tf.norm(gradient)) for gradient in tape.gradient(loss, kernels)]


def cosines_of(stack):
    states, cosines = X, []
    for block in stack.blocks:
        states = block(states, bias=ops.where(allowed, 0.0, -1e9))
        cosines.append(-float(ops.mean(keras.losses.cosine_similarity(X, states))))
    return cosines


# %%
DEPTH = 12
gradients, cosines = {}, {}
for norm in ("post", "pre"):
    stack = layers.TransformerEncoder(DEPTH, h, d_ff, dropout=0.0, norm=norm)
    stack.build(x.shape)
    gradients[norm], cosines[norm] = gradients_of(stack), cosines_of(stack)
assert cosines["post"][-1] < 0.5 * cosines["pre"][-1]
assert gradients["post"][-1] > 1.3 * gradients["pre"][-1]

# %% tags=["nbval-ignore-output"]
for norm in ("post", "pre"):
    first, last = (f"{cosines[norm][i]:.2f}, {gradients[norm][i]:.1f}" for i in (0, -1))
    print(f"{norm}-norm: cosine, gradient in block 1: {first}; in block {DEPTH}: {last}")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8.5, 2.8))
for norm in ("post", "pre"):
    left.plot(range(1, DEPTH + 1), cosines[norm], label=f"{norm}-norm")
    right.plot(range(1, DEPTH + 1), gradients[norm], label=f"{norm}-norm")
left.set(xlabel="block", ylabel="cosine with the input", ylim=(0, 1))
right.set(xlabel="block", ylabel="norm of the gradient", ylim=0)
left.legend()
show(
    figure,
    "Left: the cosine with the input falls to nearly zero with post-norm, and more slowly with "
    "pre-norm. Right: in the last blocks the gradient is larger with post-norm than with pre-norm.",
)

# %% [markdown]
# A sum of input and sublayer varies more than the input, and each norm of post-norm divides it by
# that: what came before shrinks, the straight way fades; pre-norm keeps more of it. And with
# post-norm the loss pulls harder at the last blocks. In that Xiong et al. (2020) see the reason why
# it needs the careful first steps of the next section.
#
# ## 8. Warm-up
#
# Vaswani et al. begin with tiny steps. The learning rate rises for $warmup$ updates and then falls:
#
# $$lrate = d_{model}^{-0.5} \cdot \min\left(step^{-0.5},\; step \cdot warmup^{-1.5}\right)$$
#
# | symbol | what it is | in the paper |
# |---|---|---|
# | $step$ | number of the update, from 1 | up to 100,000 |
# | $warmup$ | updates until the highest rate | 4,000 |
#
# The package calls this schedule `noam`, and has three others. A `Recipe` names one.

# %%
total, warmup = 4000, 400
recipes = [
    models.Recipe(name, 4e-3, warmup) for name in ("inverse-square-root", "linear", "cosine")
]
recipes.append(models.Recipe("noam", warmup_steps=warmup))
done = np.arange(0, total, 40)  # Updates, of which we look at some.
rates = {
    recipe.schedule: [float(models.build_schedule(recipe, d_model, total)(t)) for t in done]
    for recipe in recipes
}

# %%
step = done + 1
lrate = d_model**-0.5 * np.minimum(step**-0.5, step * warmup**-1.5)
assert np.allclose(lrate, rates["noam"], rtol=1e-4)
print("by hand = packaged: noam")

# %%
figure, axes = plt.subplots(figsize=(7, 2.8))
for name, values in rates.items():
    axes.plot(done, values, label=name, markevery=10)
axes.set(xlabel="updates", ylabel="learning rate")
axes.legend()
show(
    figure,
    "Four schedules, all rising from zero in the first tenth. Noam and inverse-square-root fall "
    "ever more slowly; linear stays flat until the middle and falls to zero; cosine falls to zero.",
)

# %% [markdown]
# Why begin slowly? Adam divides each gradient by a mean of its past sizes. At the first update
# there is no past: *every* weight moves by the full learning rate, whether its gradient was large
# or tiny. And the first gradients of a random network are a poor guide.

# %%
weights = keras.Variable([0.0, 0.0, 0.0])
optimizer = keras.optimizers.Adam(learning_rate=0.003)
optimizer.apply([ops.array([0.001, 1.0, 1000.0])], [weights])
print("gradients 0.001, 1, 1000 moved the weights by", np.round(weights, 3))
assert np.allclose(weights, -0.003, rtol=0.02)

# %% [markdown]
# ## 9. Training
#
# Before we train: where are the model's weights?

# %%
parts = {"embedding": model.target_embedding.count_params(), "attention": 0, "feed-forward": 0}
for block in encoder.blocks + decoder.blocks:
    parts["feed-forward"] += block.feed_forward.count_params()
    parts["attention"] += block.attention.count_params()
parts["attention"] += sum(block.source_attention.count_params() for block in decoder.blocks)
for name, count in parts.items():
    print(f"{name:12} {count:8,} weights, {count / model.count_params():4.0%}")
assert sum(parts.values()) > 0.99 * model.count_params()

# %% [markdown]
# The rest is in the normalisations. Now the training: teacher forcing, the loss of lesson 2, and a
# linear schedule. (`beta_2=0.98` is the paper's: Adam's mean of past sizes then forgets sooner.)
# What we call an epoch here is `STEPS` updates, to have points for a curve.

# %%
EPOCHS, STEPS = 8, 100
batches = Batches(tokenize_pairs(train_pairs, tokenizer), batch_tokens=1024, seed=SEED)
held_out = corpus.split("validation")[:300]
validation = Batches(tokenize_pairs(held_out, tokenizer), batch_tokens=1024)
print(f"{EPOCHS * STEPS} updates, {EPOCHS * STEPS / len(batches):.1f} times through the corpus")

# %%
recipe = models.Recipe("linear", learning_rate=3e-3, warmup_steps=EPOCHS * STEPS // 10)
schedule = models.build_schedule(recipe, d_model, EPOCHS * STEPS)
optimizer = keras.optimizers.Adam(schedule, beta_2=0.98, global_clipnorm=1.0)
model.compile(optimizer=optimizer, loss=models.MaskedCrossentropy())

# %%
logs = tempfile.mkdtemp()
history = model.fit(
    to_dataset(batches.stream),
    epochs=EPOCHS,
    steps_per_epoch=STEPS,
    validation_data=to_dataset(validation.in_order, len(validation)),
    callbacks=[keras.callbacks.TensorBoard(logs)],
    shuffle=False,
    verbose=0,
)

# %%
show_training(logs, alt="The losses of training and validation, by token, fall together.")
assert history.history["val_loss"][-1] < 0.7 or CORPUS != "grammar"

# %% tags=["nbval-ignore-output"]
test_pairs = corpus.split(corpus.split_names[2])[:200]  # Of the test split.
sources, references = (list(side) for side in zip(*test_pairs, strict=True))
translator = search.Translator.of(search.TextToText(model, tokenizer, max_length=64))
translations = [each.text for each in translator.translate(sources)]
for text, translation in zip(sources[:3], translations[:3], strict=True):
    print(f"{text}\n    {translation}")

# %% tags=["nbval-ignore-output"]
bleu = evaluation.score(translations, references)["bleu"]
print(f"BLEU {bleu:.1f} on {len(sources)} test sentences")
assert bleu > 65 or CORPUS != "grammar"

# %% [markdown]
# ## 10. What each head looks at
#
# The packaged decoder gives the cross-attention's weights of its last block, averaged over the
# heads. We want those of every head of every block, so we run its blocks ourselves.


# %%
def decode(y, encoded):
    time_steps = np.arange(y.shape[1])
    bias = ops.where(time_steps[:, None] >= time_steps, 0.0, -1e9)[None, None]
    source_bias = ops.where(encoded.mask[:, None, None], 0.0, -1e9)
    states, all_weights = decoder.positions(y), []
    for block in decoder.blocks:
        memory = block.start(encoded.annotations)  # Keys and values of the source.
        states, weights = block(states, bias=bias, memory=memory, source_bias=source_bias)
        all_weights.append(weights)
    return decoder.normalize(states), all_weights


# %%
x, y = model.source_embedding(source), model.target_embedding(target)
encoded = model.encode(source)
readouts, cross_weights = decode(y, encoded)
packaged_readouts, packaged_weights = decoder(y, encoded)
assert np.allclose(readouts, packaged_readouts, atol=1e-4)
assert np.allclose(ops.mean(cross_weights[-1], axis=1), packaged_weights, atol=1e-5)
print(f"{N} blocks, each with weights", cross_weights[0].shape)


# %%
def small_multiples(all_weights, columns, rows):
    size = (0.14 * h * len(columns) + 1, 0.14 * N * len(rows) + 1.2)
    figure, panels = plt.subplots(N, h, figsize=size, sharex=True, sharey=True)
    for (block, head), axes in np.ndenumerate(panels):
        weights = all_weights[block][-1, head, : len(rows), : len(columns)]
        draw(axes, weights, f"block {block + 1}, head {head + 1}", black=1)
        axes.title.set_size(9)
        label(axes, columns, rows)
    return figure


# %% tags=["cover"]
german, english = pieces(ids.sources[2]), pieces(ids.targets[2][1:])
show(
    small_multiples(cross_weights, german, english),
    "Cross-attention of every head: a row for each token that is written, a column for each token "
    "of the source. Some heads draw a clear path from source to target, others a blurred one.",
)

# %% [markdown]
# Rows are labelled with the token that is *written* there (lesson 3 showed what happens to those
# who slip). No head was told what to do. How well does each one align? Lesson 3 measured that by
# the alignment error rate (AER), against the gold alignments of `grammar`.

# %%
gold_corpus = load_corpus("grammar", "de", "en")
gold_pairs, gold = gold_corpus.split("test")[:100], gold_corpus.alignments("test")[:100]
gold_ids = tokenize_pairs(gold_pairs, tokenizer)
gold_source = keras.utils.pad_sequences(gold_ids.sources, padding="post")
gold_target = keras.utils.pad_sequences(gold_ids.targets, padding="post")
print(len(gold), "pairs,", sum(len(sure) for sure, _ in gold), "sure links")

# %% [markdown]
# The weights are of tokens, the links of words. `word_weights` adds up the tokens of a word, and
# `align` links each target word to the source word that it looks at most.


# %%
def words(ids):
    return evaluation.words_of_pieces(tokenizer.pieces(ids))


def error_rate(weights):  # (pairs, target, source)
    links = []
    for each, of, to in zip(np.asarray(weights), gold_ids.sources, gold_ids.targets, strict=True):
        each = each[: len(to) - 1, : len(of)]
        links.append(evaluation.align(evaluation.word_weights(each, words(of), words(to[1:]))))
    return evaluation.alignment_error_rate(links, gold)


# %%
gold_y = model.target_embedding(gold_target[:, :-1])
_, gold_weights = decode(gold_y, model.encode(gold_source))
aer = [[error_rate(block[:, head]) for head in range(h)] for block in gold_weights]
mean_aer = [error_rate(ops.mean(block, axis=1)) for block in gold_weights]
assert (mean_aer[-1] < 0.35 and mean_aer[-1] < np.mean(aer[-1])) or CORPUS != "grammar"

# %%
figure, axes = plt.subplots(figsize=(5, 1.8))
rates = np.column_stack([aer, mean_aer])
axes.imshow(rates, cmap="Greys", vmin=0, vmax=1, aspect="auto")
for (row, column), rate in np.ndenumerate(rates):
    axes.text(column, row, f"{rate:.2f}", ha="center", va="center")
axes.set_xticks(range(h + 1), [f"head {i + 1}" for i in range(h)] + ["mean"])
axes.set_yticks(range(N), [f"block {i + 1}" for i in range(N)])
show(figure, "Alignment error rate of each head, and of the mean of a block's heads.")

# %% tags=["nbval-ignore-output"]
for row, each in enumerate(rates, start=1):
    print(
        f"block {row}:",
        *(f"{rate:.2f}" for rate in each[:-1]),
        f" mean of the heads {each[-1]:.2f}",
    )

# %% [markdown]
# The mean of a block's heads aligns better than its heads do on average. They share the work, and
# none is "the" alignment.
#
# Now the encoder's self-attention, by our own `encode`. Here rows and columns are both the source.

# %%
annotations, self_weights = encode(x, padding)
assert np.allclose(annotations, encoded.annotations, atol=1e-4)
show(
    small_multiples(self_weights, german, german),
    "Self-attention of every head of the encoder, source tokens against source tokens: most rows "
    "are spread over several columns.",
)

# %% [markdown]
# ### Often said, and wrong: "every head has its job"
#
# Pictures invite stories. A test: take one head away, and see how much the loss on the gold pairs
# grows. A head is gone when its rows of $W^O$ are zero.


# %%
def loss():
    logits = model({"source": gold_source, "target": gold_target[:, :-1]})
    return float(models.MaskedCrossentropy()(gold_target[:, 1:], logits))


# %%
def loss_without(layer, head):
    kernel = ops.convert_to_numpy(layer.output_kernel)
    rows = np.arange(d_model) // d_k != head
    layer.output_kernel.assign(kernel * rows[:, None])
    result = loss()
    layer.output_kernel.assign(kernel)
    return result


# %%
kinds = {
    "encoder, self": [block.attention for block in encoder.blocks],
    "decoder, self": [block.attention for block in decoder.blocks],
    "decoder, source": [block.source_attention for block in decoder.blocks],
}
whole, harm = loss(), {}
for kind, each in kinds.items():
    harm[kind] = [loss_without(layer, head) - whole for layer in each for head in range(h)]
assert max(harm["encoder, self"]) < 0.5 * max(harm["decoder, source"]) or CORPUS != "grammar"

# %%
figure, axes = plt.subplots(figsize=(8, 2.8))
for place, (kind, values) in enumerate(harm.items()):
    at = place * (len(values) + 1) + np.arange(len(values))
    axes.bar(at, values, color=str(0.7 - 0.3 * place), edgecolor="black", label=kind)
axes.set(ylabel="growth of the loss", xticks=[])
axes.legend()
show(
    figure,
    "How much the loss grows without each head: hardly at all for those of the encoder, more for "
    "some of the decoder's, most of all for some that look at the source.",
)

# %% tags=["nbval-ignore-output"]
print(f"loss with all heads: {whole:.3f}")
for kind, values in harm.items():
    print(f"{kind:15}", *(f"{value:+.3f}" for value in values))

# %% [markdown]
# Without any one head of the encoder the model does about as well as with it: the others cover for
# it, or none of them is needed; one head at a time cannot tell which. Michel et al. (2019) found
# much the same in large models. On average the heads that look at the source matter more. "Head 3
# looks for verbs" is a story until somebody takes head 3 away.
#
# ## 11. Decoding, and what does not run in parallel
#
# Encoding and training run all positions at once. Decoding cannot.
#
# ### Often said, and wrong: "the Transformer decodes in parallel"
#
# The second token depends on the first, which is not known before the first step ends. We ask for
# all tokens in one call, with begin tokens in place of what is not known yet; and then one by one.


# %%
def write(source, steps):
    written = np.zeros((len(source), steps + 1), "int32")
    written[:, 0] = BEGIN
    for t in range(steps):
        logits = model({"source": source, "target": written[:, :-1]})
        written[:, t + 1] = ops.argmax(logits[:, t], axis=-1)
    return written[:, 1:]


# %% tags=["nbval-ignore-output"]
nothing_known = np.full((batch, T), BEGIN)
at_once = ops.argmax(model({"source": source, "target": nothing_known}), axis=-1)
by_steps = write(source, T)
for calls, written in ((1, at_once), (T, by_steps)):
    print(f"calls: {calls:2}  ", *tokenizer.pieces(written[2]))
assert (np.asarray(at_once)[2] == by_steps[2]).mean() < 0.5 or CORPUS != "grammar"

# %% [markdown]
# ### The cache of keys and values
#
# `write` is wasteful. At every step it computes the keys and values of *all* earlier tokens again.
# They are the same as before: no earlier position sees the new token, that is what the causal mask
# says. So we keep them. Dark is what each step computes:

# %%
figure, panels = plt.subplots(1, 2, figsize=(6, 2.8))
computed = {"without a cache": causal, "with a cache": np.eye(T, dtype=bool)}
for axes, (name, cells) in zip(panels, computed.items(), strict=True):
    draw(axes, cells, f"{name}: {cells.sum()}")
    axes.set(xlabel="position", ylabel="step")
show(
    figure,
    "Which positions each step computes. Without a cache: a triangle, all positions so far. With "
    "a cache: the diagonal, only the new position.",
)

# %% [markdown]
# One step by hand, for a single new token. Its key and value join those of the past. Note that it
# may look at everything in the cache. No causal mask is needed: what would be masked does not exist
# yet. The source's keys and values never change, so they are computed once, by `source_memory`.


# %%
def look_back(normed, block, past):
    Q, K, V = map(heads_of, ops.split(normed @ block.attention.kernel, 3, axis=-1))
    K, V = ops.concatenate([past[0], K], axis=2), ops.concatenate([past[1], V], axis=2)
    heads, _ = attention(Q, K, V, allowed=True)
    return side_by_side(heads) @ block.attention.output_kernel, (K, V)


# %%
def source_memory(annotations):
    kernels = [block.source_attention.source_kernel for block in decoder.blocks]
    pairs = [ops.split(annotations @ kernel, 2, axis=-1) for kernel in kernels]
    return [(heads_of(K), heads_of(V)) for K, V in pairs]


def look_at_source(normed, block, memory, allowed):
    Q = heads_of(normed @ block.source_attention.query_kernel)
    heads, _ = attention(Q, *memory, allowed)
    return side_by_side(heads) @ block.source_attention.output_kernel


# %% [markdown]
# A decoder block has three sublayers: to the target, to the source, feed-forward. Each reads a
# normalised input and adds its output.


# %%
def step(y_t, t, cache, memory, allowed):
    states, new_cache = y_t + PE[t], []
    for block, past, of_source in zip(decoder.blocks, cache, memory, strict=True):
        normed = layer_norm(states, block.attention_residual.normalization)
        outputs, past = look_back(normed, block, past)
        states = states + outputs
        normed = layer_norm(states, block.source_residual.normalization)
        states = states + look_at_source(normed, block, of_source, allowed)
        normed = layer_norm(states, block.feed_forward_residual.normalization)
        states = states + feed_forward(normed, block.feed_forward)
        new_cache.append(past)
    return layer_norm(states, decoder.normalization), new_cache


# %% [markdown]
# Step by step: our cached step, the decoder without a cache on the whole prefix, and the package's
# own step (it keeps the same cache, in buffers of a fixed size). The decoder without a cache
# answers for all steps in one call, as section 5 has shown.

# %%
uncached, _ = decoder(y, encoded)
empty = ops.zeros((batch, h, 0, d_k))
cache, memory = [(empty, empty)] * N, source_memory(encoded.annotations)
state = model.start(source, width=1, length=T)  # One hypothesis, room for T tokens.
for t in range(T):
    cached, cache = step(y[:, t : t + 1], t, cache, memory, padding[:, None, None])
    assert np.allclose(cached[:, 0], uncached[:, t], atol=1e-3)
    logits, state, _ = model.step(target[:, t : t + 1], t, state)
    by_hand = model.target_embedding(cached, reverse=True)  # Readouts times the table: logits.
    assert np.allclose(by_hand, logits, atol=1e-2)
print(f"{T} steps: cached = uncached = packaged;  K of a block is now", cache[0][0].shape)

# %% [markdown]
# What does it save? We time long targets, many at once. Their tokens are random: time does not
# depend on which they are.

# %%
LONG, ROWS = 160, 64
long_y = ops.take(y[0], rng.integers(0, 5, (ROWS, LONG)), axis=0)
long_source = ops.take(x[0], rng.integers(0, 5, (ROWS, 8)), axis=0)
long_encoded = encoder(long_source, mask=ops.ones((ROWS, 8), "bool"))


# %%
def milliseconds(function, *arguments, repeats=7):
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        np.asarray(function(*arguments)[0])
        seconds.append(time.perf_counter() - began)
    return 1000 * min(seconds)


# %%
empty = ops.zeros((ROWS, h, 0, d_k))
cache, memory = [(empty, empty)] * N, source_memory(long_encoded.annotations)
cached_times, uncached_times = {}, {}
for t in range(LONG):
    arguments = (long_y[:, t : t + 1], t, cache, memory, True)
    if (t + 1) % 20 == 0:
        cached_times[t + 1] = milliseconds(step, *arguments, repeats=3)
        uncached_times[t + 1] = milliseconds(decoder, long_y[:, : t + 1], long_encoded, repeats=3)
    _, cache = step(*arguments)
assert sum(uncached_times.values()) > 1.5 * sum(cached_times.values())

# %%
figure, axes = plt.subplots(figsize=(6, 2.8))
for name, values in (("without a cache", uncached_times), ("with a cache", cached_times)):
    axes.plot(list(values), list(values.values()), label=name)
axes.set(xlabel="step", ylabel="milliseconds of the step", ylim=0)
axes.legend()
show(
    figure,
    "Time of a decoding step: without a cache it grows with the steps, with a cache it is "
    "far shorter, and grows little.",
)

# %% tags=["nbval-ignore-output"]
for name, values in (("uncached", uncached_times), ("cached", cached_times)):
    print(f"{name:9}", *(f"step {t}: {values[t]:.1f} ms" for t in (20, 80, 160)), sep="  ")

# %% [markdown]
# And here is what "not in parallel" costs. A target that is *given* is read in one call, as in
# training. One that must be *written* takes a call a token, even with the cache.

# %% tags=["nbval-ignore-output"]
given, written = uncached_times[LONG], LONG * np.mean(list(cached_times.values()))
print(f"{LONG} tokens given: {given:.0f} ms in 1 call; written: {written:.0f} ms in {LONG} calls")
assert written > 2 * given

# %% [markdown]
# | | calls for $n$ target tokens | runs in parallel over positions |
# |---|---|---|
# | encoding | 1 | yes |
# | training (teacher forcing) | 1 | yes |
# | decoding | $n$ | no |
#
# ## 12. What it costs
#
# Every position looks at every other: $n$ tokens make $n^2$ scores. How long does that take? One
# sentence of $n$ tokens, once through the parts of a block, and through the softmax over the
# vocabulary.

# %%
block = encoder.blocks[0]
cost_of = {
    "attention": lambda X: attention(heads_of(X), heads_of(X), heads_of(X), True),
    "projections": lambda X: (X @ block.attention.kernel, X @ block.attention.output_kernel),
    "feed-forward": lambda X: (feed_forward(X, block.feed_forward),),
    "softmax": lambda X: (softmax(model.target_embedding(X, reverse=True)),),
}


# %%
def times(rows, n):
    X = ops.convert_to_tensor(rng.normal(size=(rows, n, d_model)), "float32")
    return {name: milliseconds(function, X) for name, function in cost_of.items()}


# %%
lengths = 2 ** np.arange(6, 13)
measured = [times(1, n) for n in lengths]
curves = {name: np.array([each[name] for each in measured]) for name in cost_of}
slope_2 = curves["attention"][-1] * (lengths / lengths[-1]) ** 2
assert curves["attention"][-1] > 2.5 * curves["attention"][-2]

# %%
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(lengths, slope_2, color="0.85", linestyle="-", marker="", linewidth=6, label="slope 2")
for (name, values), style in zip(curves.items(), plt.rcParams["axes.prop_cycle"], strict=False):
    axes.plot(lengths, values, label=name, **style)
axes.set(xscale="log", yscale="log", xlabel="tokens in the sentence", ylabel="milliseconds")
axes.legend(bbox_to_anchor=(1, 1))
show(
    figure,
    "Time by the sentence's length, both axes logarithmic. Attention's curve is flat at "
    "first, comes to a line of slope 2, and is the highest for long sentences; the others rise "
    "less steeply.",
)

# %% tags=["nbval-ignore-output"]
for name, values in curves.items():
    print(f"{name:12}", *(f"{value:7.2f}" for value in values), "ms")
    print(f"{'slope':20}", *(f"{slope:7.1f}" for slope in np.diff(np.log2(values))))

# %% [markdown]
# On such axes a power is a straight line, and its slope is the exponent. The grey line is what
# attention's multiply-adds do: twice the length, four times the work. Its time comes to that slope
# only at the right end. Before it the curve is flatter: there the time is less in the arithmetic
# than in starting each operation.
#
# ### Often said, and wrong: "attention's cost is everything"
#
# It depends on $n$. We count one stack of self-attention blocks with a softmax at its end. For one
# token, a block multiplies and adds
#
# $$\underbrace{4\, d_{model}^2}_{\text{projections}} \;+\;
# \underbrace{2\, n\, d_{model}}_{\text{scores and mixtures}} \;+\;
# \underbrace{2\, d_{model}\, d_{ff}}_{\text{feed-forward}}$$
#
# times, and the softmax over a vocabulary of $V_{size}$ tokens $d_{model} V_{size}$ times, once for
# all $N$ blocks. Only one of these terms knows $n$. Here $n$ is 25, and then as large as it must be
# for that term to be half of all:


# %%
def shares(n, d, d_ff, N, vocabulary):
    terms = [4 * d * d, 2 * d * d_ff, d * vocabulary / N, 2 * n * d]
    return np.array(terms) / sum(terms)


# %%
sizes = {"ours": (d_model, d_ff, N, V_size), "the paper's": (512, 2048, 6, 37_000)}
for name, (d, hidden, blocks, vocabulary) in sizes.items():
    half = 2 * d + hidden + vocabulary / (2 * blocks)
    share = shares(25, d, hidden, blocks, vocabulary)[-1]
    print(f"{name:11} attention {share:4.1%} at 25 tokens, half of all at {half:,.0f} tokens")
    assert np.isclose(shares(half, d, hidden, blocks, vocabulary)[-1], 0.5)

# %%
lengths = np.geomspace(8, 32768, 60)
figure, axes = plt.subplots(figsize=(7, 3))
parts = np.array([shares(n, *sizes["the paper's"]) for n in lengths]).T
names = ["projections", "feed-forward", "softmax over the vocabulary", "scores and mixtures"]
areas = axes.stackplot(lengths, parts, labels=names, colors=["0.95", "0.8", "0.6", "0.25"])
for area, hatch in zip(areas, ["", "..", "//", ""], strict=True):
    area.set(hatch=hatch, edgecolor="black", linewidth=0.5)
axes.set(xscale="log", xlim=(8, 32768), ylim=(0, 1), xlabel="tokens $n$", ylabel="share")
axes.legend(bbox_to_anchor=(1, 1))
show(
    figure,
    "Shares of the multiply-adds with the paper's sizes, by length: scores and mixtures are a "
    "sliver of the work for short texts, and most of it for very long ones.",
)

# %% [markdown]
# Counted, that is. Measured too? As many tokens as many short sentences, and as one long one:

# %%
as_short, as_long = times(128, 16), times(1, 2048)
assert as_short["attention"] / sum(as_short.values()) < 0.5
assert as_long["attention"] / sum(as_long.values()) > 0.5

# %%
figure, axes = plt.subplots(figsize=(7, 1.8))
left = np.zeros(2)
for name, shade in zip(cost_of, ("0.25", "0.95", "0.8", "0.6"), strict=True):
    values = np.array([each[name] / sum(each.values()) for each in (as_short, as_long)])
    axes.barh(["128 x 16", "1 x 2048"], values, left=left, color=shade, ec="black", label=name)
    left += values
axes.set(xlabel="share of the time")
axes.legend(bbox_to_anchor=(1, 1))
show(
    figure,
    "Shares of the time for 2048 tokens: as sentences of 16, most is the softmax; as one long "
    "sentence, most is attention.",
)

# %% tags=["nbval-ignore-output"]
for name, each in (("128 x 16", as_short), ("1 x 2048", as_long)):
    print(name, {part: f"{value / sum(each.values()):.0%}" for part, value in each.items()})

# %% [markdown]
# For short sentences attention takes more of the time than of the multiply-adds: it has many small
# operations, which no count of multiply-adds sees. The direction is the count's.
#
# ## 13. Families
#
# Write source and target as one row, source first. Then a single mask says who may look at whom,
# and it tells the families apart:
#
# - **encoder-only** (BERT): all may look at all. For tasks in which the text is given: to classify,
#   to tag, to search.
# - **decoder-only** (GPT): everyone looks back. To continue a text, whatever it is.
# - **prefix-LM** (language model with a prefix): as decoder-only, but the source is read in both
#   directions. For tasks with a given part and an answer.
# - **encoder-decoder** (our model, T5): the source looks at the source, the target at the source
#   and at itself, backwards. For a source and a target that differ in kind: two languages, sound
#   and text.

# %%
S_n, T_n = 5, 4
n = S_n + T_n
is_source = np.arange(n) < S_n
encoder_only = np.ones((n, n), bool)
decoder_only = np.tril(encoder_only)
prefix_lm = decoder_only | is_source
encoder_part = np.outer(is_source, is_source)
cross_part = np.outer(~is_source, is_source)
decoder_part = np.outer(~is_source, ~is_source) & decoder_only
encoder_decoder = encoder_part | cross_part | decoder_part

# %%
families = {"encoder-only": encoder_only, "decoder-only": decoder_only, "prefix-LM": prefix_lm}
assert np.array_equal(prefix_lm, encoder_decoder)

# %% [markdown]
# This may surprise: **prefix-LM and encoder-decoder have the same mask.** They differ in the
# weights. A prefix-LM has one stack for both parts of the row; an encoder-decoder has two stacks,
# and a second attention between them.
#
# We do not draw these masks, we *measure* them. Untrained encoder blocks get a mask. Then each
# input is changed, one at a time: which outputs move?


# %%
untrained = layers.TransformerEncoder(N, h, d_ff, dropout=0.0)
untrained.build(x.shape)


def run(states, allowed, blocks):
    for block in blocks:
        states = block(states, bias=ops.where(allowed, 0.0, -1e9)[None, None])
    return ops.convert_to_numpy(states)


# %%
def influence(allowed, blocks):
    size = len(allowed)
    inputs = np.random.default_rng(SEED).normal(size=(1, size, d_model)).astype("float32")
    changed = np.repeat(inputs, size, axis=0)
    changed[np.arange(size), np.arange(size)] += np.random.default_rng(1).normal(size=d_model)
    moved = run(changed, allowed, blocks) - run(inputs, allowed, blocks)
    return np.abs(moved).max(axis=-1).T > 1e-4  # (output, changed input)


# %%
figure, panels = plt.subplots(1, 3, figsize=(8, 2.8))
for axes, (name, mask) in zip(panels, families.items(), strict=True):
    moves = influence(mask, untrained.blocks[:1])
    assert np.array_equal(moves, mask)
    draw(axes, moves, name)
    for axis, line in ((axes.xaxis, axes.axvline), (axes.yaxis, axes.axhline)):
        axis.set_ticks([S_n / 2, S_n + T_n / 2], ["source", "target"], size=8)
        line(S_n, color="black", linestyle="--", marker="")
    axes.tick_params(length=0)
show(
    figure,
    "Which outputs, rows, move when an input, a column, changes; lines part source and target. "
    "Encoder-only: all. Decoder-only: the triangle on and below the diagonal. Prefix-LM, and "
    "encoder-decoder: all of the source's columns, and the triangle in the target.",
)

# %% [markdown]
# ### Often said, and wrong: "a decoder-only model is the Transformer's decoder"
#
# The Transformer's decoder has a second attention, to the source. A decoder-only model has none:
# its source, if there is one, stands in the same row. Its block is an *encoder* block with a causal
# mask, as in the middle picture.

# %%
for name, block in (("encoder", encoder.blocks[0]), ("decoder", decoder.blocks[0])):
    parts = ("attention", "source_attention", "feed_forward")
    found = [part for part in parts if hasattr(block, part)]
    print(f"{name} block: {block.count_params():7,} weights: {', '.join(found)}")
assert not hasattr(encoder.blocks[0], "source_attention")

# %% [markdown]
# ## Summary
#
# - Self-attention connects any two positions in one step, and treats them as a set. Position
#   vectors bring the order back.
# - $\sqrt{d_k}$ keeps the softmax where it has a gradient. Heads are several small attentions
#   with the weights and multiply-adds of one.
# - Masks decide who sees whom. The causal mask lets one call train all positions at once.
# - Residual connections carry gradients through deep stacks; pre-norm keeps that way free.
# - Adam's first steps are as large as its learning rate, hence the warm-up.
# - Decoding goes token by token. A cache of keys and values makes each step cheap, and changes no
#   result.
# - Attention's multiply-adds grow with the square of the length, and are few while sentences are
#   short. Its share of the time is larger.
# - Heads share work. What one looks at is no proof of what it is for.
# - Encoder-only, decoder-only, prefix-LM: the same blocks under other masks.
#
# ## Exercises
#
# **1.** A step of three positions is a *rotation*: there is one matrix $M$ with $PE_{pos + 3} =
# PE_{pos} M$ for every $pos$. Find it. Each pair of sine and cosine has a block of two by two
# numbers in $M$.

# %% tags=["solution"]
# Solution 1
M = np.zeros((d_model, d_model))
for i in range(d_model // 2):
    angle = 3 / 10000 ** (2 * i / d_model)
    M[2 * i, 2 * i : 2 * i + 2] = np.cos(angle), -np.sin(angle)
    M[2 * i + 1, 2 * i : 2 * i + 2] = np.sin(angle), np.cos(angle)
assert np.allclose(PE[:-3] @ M, PE[3:], atol=1e-4)

# %% [markdown]
# **2.** How many numbers does the cache of the decoder's self-attention hold for one sentence, with
# room for 100 tokens? Give a formula, and check it against `model.start(source[:1], width=1,
# length=100).shared["cache"]`, a list with a dictionary of arrays for each block. In *multi-query
# attention* (Shazeer 2019) all heads share one key and one value. How large is the cache then?

# %% tags=["solution"]
# Solution 2
formula = 2 * N * 100 * h * d_k
cache = model.start(source[:1], width=1, length=100).shared["cache"]
numbers = sum(int(ops.size(array)) for arrays in cache for array in arrays.values())
print(f"{numbers:,} numbers; multi-query attention: {2 * N * 100 * d_k:,}")
assert numbers == formula

# %% [markdown]
# **3.** For long texts one lets each position see only a *window*: itself and the two before it.
# The cost is then linear in the length. How far back does the output of *two* blocks see? And of
# $N$? Use `influence` with a mask of 9 positions and `untrained.blocks`.

# %% tags=["solution"]
# Solution 3
distance = np.subtract.outer(np.arange(9), np.arange(9))
window = (distance >= 0) & (distance <= 2)
reached = influence(window, untrained.blocks)
print(f"{N} blocks see {distance[reached].max()} positions back: N times 2")
assert np.array_equal(reached, (distance >= 0) & (distance <= 2 * N))

# %% [markdown]
# ## Papers
#
# - Vaswani et al. (2017), *Attention Is All You Need*:
#   <https://arxiv.org/abs/1706.03762>
# - Xiong et al. (2020), *On Layer Normalization in the Transformer Architecture*:
#   <https://arxiv.org/abs/2002.04745>
# - Michel, Levy and Neubig (2019), *Are Sixteen Heads Really Better than One?*:
#   <https://arxiv.org/abs/1905.10650>
# - Shazeer (2019), *Fast Transformer Decoding: One Write-Head is All You Need*:
#   <https://arxiv.org/abs/1911.02150>
#
# ## What comes next
#
# You have now built both families of translators: recurrent with attention, and Transformer. Lesson
# 6 puts them side by side: quality, size, and the cost of training and of decoding.
