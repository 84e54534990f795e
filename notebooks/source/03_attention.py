# %% [markdown]
# # 3. Attention
#
# Lesson 2 squeezed every source into one vector, and long sentences did not fit. This lesson keeps
# a vector for every source token, and lets the decoder choose among them at every step. That is
# **attention**.
#
# **Objectives.** After this lesson you can
# - say what a decoder loses that sees one vector of the source, and what attention gives it back;
# - compute scores, weights and a context by hand, with padding masked in the right place;
# - build Bahdanau's attention into a recurrent decoder, equal to the package's;
# - read a heat map without slipping by a row, and measure it against gold alignments;
# - tell dot, general, additive and local attention apart, by formula, window and cost;
# - say what attention weights do not explain, and test it.
#
# **What you need:** Keras's basics (`Dense`, `compile`, `fit`), lesson 1 for tokens, padding and
# masks, lesson 2 for the GRU, encoder and decoder, and teacher forcing.

# %%
import json
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
from s2s_keras.special_ids import END, PADDING
from s2s_keras.tokenizer import Tokenizer

CORPUS = "grammar"  # or "multi30k" or "tatoeba"
SEED = 0
keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## Why: one vector for every sentence
#
# The decoder of lesson 2 gets an `attention`. It is also half as wide here: what it gains, it
# does not gain by size.

# %%
UNITS = 128
corpus = load_corpus(CORPUS, "de", "en")
pairs = corpus.split("train")
tokenizer = Tokenizer.train((text for pair in pairs for text in pair), vocabulary_size=2000)
encoder = layers.RecurrentEncoder(UNITS)
decoder = layers.RecurrentDecoder(UNITS, UNITS, attention=layers.AdditiveAttention(UNITS))
model = models.EncoderDecoder(tokenizer.vocabulary_size, UNITS, encoder, decoder)
model.build()

# %% [markdown]
# Nothing is trained yet. We encode three sentences as one batch: "She is reading the book.", "When
# did she turn off the radio?" and "My grandmother hopes that we looked at the beautiful sea
# yesterday."

# %%
GERMAN = [
    "Sie liest das Buch.",
    "Wann hat sie das Radio ausgeschaltet?",
    "Meine Großmutter hofft, dass wir gestern das schöne Meer angeschaut haben.",
]

# %%
source = search.source_ids(GERMAN, tokenizer, max_length=64).numpy()
encoded = model.encode(source)
print("source tokens", (source != PADDING).sum(axis=1))
print("summary      ", encoded.summary.shape)
print("annotations  ", encoded.annotations.shape)
assert encoded.annotations.shape == (*source.shape, 2 * UNITS)

# %% [markdown]
# `summary` is the context of lesson 2, as large for the first sentence as for the last.
# `annotations` has a vector $h_j$ for every source token, so it grows with the source. The name is
# that of Bahdanau, Cho and Bengio (2015), who brought attention to translation.

# %%
lengths = np.arange(1, 41)
figure, axes = plt.subplots(figsize=(5.5, 3))
axes.plot(lengths, 2 * UNITS / lengths, markevery=4, label="one summary")
axes.plot(lengths, np.full(40, 2 * UNITS), markevery=4, label="annotations")
axes.set(xlabel="source tokens", ylabel="numbers a source token", ylim=(0, 2.2 * UNITS))
axes.legend()
show(
    figure,
    alt="How many numbers a decoder can read for each source token: from one summary fewer with "
    "every token, from annotations as many at any length.",
)

# %% [markdown]
# ## Scores, weights, context
#
# **Why.** At each step the decoder wants something: a subject, a verb, the rest of a word. Its wish
# is a vector, the **query**. The annotations that fit it should count more than the others.
#
# $$e_j = s \cdot h_j \qquad \alpha_j = \frac{\exp e_j}{\sum_{k=1}^{n} \exp e_k} \qquad
# c = \sum_{j=1}^{n} \alpha_j h_j$$
#
# | symbol | what it is | shape here |
# | --- | --- | --- |
# | $h_j$ | annotation of position j, from 1 to n | (2,) |
# | $s$ | the query: a state of the decoder | (2,) |
# | $e_j$ | the **score**: how well $h_j$ fits the query, here a dot product | |
# | $\alpha_j$ | the **weight**: scores as shares, by a **softmax**; positive, with the sum 1 | |
# | $c$ | the **context**: the weighted mean of the annotations | (2,) |
#
# An example in the plane, made up by hand: the annotations of "Sie liest das Buch", and a query
# that wants the book, "Buch".

# %%
words = ["Sie", "liest", "das", "Buch"]
h = np.array([[-0.5, 0.3], [0.9, -0.6], [0.2, 0.4], [0.8, 1.0]])
s = np.array([1.0, 2.0])


# %%
def softmax(e):
    powers = np.exp(e - e.max())  # The same shares, and no overflow.
    return powers / powers.sum()


e = h @ s
alpha = softmax(e)
c = alpha @ h

# %%
for word, score, weight in zip(words, e, alpha, strict=True):
    print(f"{word:6} score {score:5.2f}   weight {weight:.3f}")
assert np.isclose(alpha.sum(), 1) and c.shape == s.shape

# %%
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 3))
left.bar(words, e, color="0.6")
left.set_title("scores $e_j$")
middle.bar(words, alpha, color="0.3")
middle.set(title="weights $\\alpha_j$", ylim=(0, 1))
for word, point, weight in zip(words, h, alpha, strict=True):
    right.plot(*point, "o", color="0.6", markersize=4 + 20 * weight)
    right.annotate(word, point, (10, 4), textcoords="offset points")
right.annotate("", 0.4 * s, (0, 0), arrowprops={"arrowstyle": "->"})
right.text(*(0.42 * s), "$s$, shortened", ha="right")
right.plot(*c, "*", color="black", markersize=14)
right.set(title="annotations, query, context (star)", xlim=(-0.8, 1.4), ylim=(-0.9, 1.5))
show(
    figure,
    alt="Bars of four scores and of their weights, most of which the last word has. In the plane, "
    "the context lies between the annotations, close to that of the last word.",
)

# %% [markdown]
# **Often said, and wrong: attention picks a word.** It mixes. The context is no annotation, but
# lies between them. How evenly it mixes depends on the size of the scores. Where all are zero, the
# context is the plain mean; where they are large, it comes near to a choice.

# %%
for factor in (0, 1, 5):
    weights = softmax(factor * e)
    nearest = np.linalg.norm(h - weights @ h, axis=1).min()
    shown = " ".join(f"{weight:.3f}" for weight in weights)
    print(f"{factor} times the scores: weights {shown}, nearest annotation at {nearest:.3f}")
assert np.allclose(softmax(0 * e) @ h, h.mean(axis=0))

# %% [markdown]
# ## Masks
#
# In a batch, short sources are padded, and annotations at padding are zero.
#
# **Often said, and wrong: padding is zero, so it does no harm.** Its dot product has the score 0.
# But exp 0 is 1, and here that is more than any real token has.

# %%
e_padded = np.array([-1.2, -0.3, -0.8, 0.0, 0.0])
mask = np.array([True, True, True, False, False])
unmasked = softmax(e_padded)
print(f"weight on padding: {unmasked[~mask].sum():.3f}")
assert unmasked[~mask].sum() > 0.5

# %% [markdown]
# To zero those weights afterwards is too late: what is left no longer has the sum 1. The mask
# belongs **before** the softmax. A score of minus a billion gets the weight 0, and the other
# weights are those of the sentence alone.

# %%
too_late = np.where(mask, unmasked, 0)
in_time = softmax(np.where(mask, e_padded, -1e9))
print(f"sum of the weights: {too_late.sum():.3f} masked after, {in_time.sum():.3f} before")
assert np.allclose(in_time[mask], softmax(e_padded[mask])) and not in_time[~mask].any()

# %% [markdown]
# ## Additive attention
#
# **Why.** A dot product compares the first number with the first, the second with the second. It
# needs a query and annotations of one size. Bahdanau et al. let a small network compare instead.
# The query of the i-th target token is the decoder's **previous** state:
#
# $$e_{ij} = v_a^\top \tanh(W_a s_{i-1} + U_a h_j)$$
#
# Query and annotation meet in a sum, hence additive. The symbols are the paper's:
#
# | symbol | what it is | in `AdditiveAttention` | shape |
# | --- | --- | --- | --- |
# | $s_{i-1}$ | the decoder's state before step i | `query` | (batch, units) |
# | $h_j$ | annotation | `memory["values"]` | (batch, source, 2 · units) |
# | $W_a$ | weights for the state | `query_kernel` | (units, units) |
# | $U_a$ | weights for the annotations | `key_kernel` | (2 · units, units) |
# | $v_a$ | weights that make one number of it | `score_vector` | (units, 1) |
# | $\alpha_{ij}$ | weight, again by a softmax over j | what the layer returns | (batch, source) |
# | $c_i$ | context, again the weighted mean | what `context` returns | (batch, 2 · units) |

# %%
attention = decoder.attention
W_a, U_a, v_a = attention.query_kernel, attention.key_kernel, attention.score_vector


# %%
def scores(s, h):
    compared = ops.tanh(ops.expand_dims(s @ W_a, 1) + h @ U_a)
    return ops.squeeze(compared @ v_a, -1)


def attend(s, encoded):
    e = ops.where(encoded.mask, scores(s, encoded.annotations), -1e9)
    return ops.softmax(e)


# %% [markdown]
# On our batch, with the decoder's first state as the query:

# %%
s_0 = decoder.initial(encoded.state)
alpha = attend(s_0, encoded).numpy()
c = ops.sum(ops.expand_dims(alpha, -1) * encoded.annotations, axis=1)
print("query", s_0.shape, " weights", alpha.shape, " context", c.shape)
assert alpha.shape == source.shape and c.shape == (len(source), 2 * UNITS)
assert np.allclose(alpha.sum(axis=1), 1) and not alpha[source == PADDING].any()

# %%
unmasked = ops.softmax(scores(s_0, encoded.annotations))
figure, panels = plt.subplots(2, 1, sharex=True)
for axes, weights, title in zip(panels, (unmasked, alpha), ("no mask", "masked"), strict=True):
    image = axes.imshow(weights, vmin=0, vmax=0.25)
    axes.set(title=title, ylabel="sentence", yticks=range(3))
axes.set_xlabel("source position")
figure.colorbar(image, ax=panels, label="weight")
show(
    figure,
    alt="Weights of three sentences of different lengths before training, none of them large. "
    "Without a mask padding has weights too; with one the real positions have it all.",
)

# %% [markdown]
# The packaged layer gives the same. Lesson 4 will ask for several hypotheses of a source at once,
# so its queries have one more axis, here of size 1. $U_a h_j$ does not depend on i: `start`
# computes it once a source and not once a step.

# %%
memory = attention.start(encoded)
packaged = attention(ops.expand_dims(s_0, 1), memory)
assert packaged.shape == (len(source), 1, source.shape[1])
np.testing.assert_allclose(packaged[:, 0], alpha, atol=1e-6)
np.testing.assert_allclose(attention.context(packaged, memory)[:, 0], c, atol=1e-5)

# %% [markdown]
# **Often said, and wrong: `keras.layers.AdditiveAttention` is Bahdanau's attention.** It is a part
# of it. It has $v_a$, and neither $W_a$ nor $U_a$. Hand it $W_a s_{i-1}$ and $U_a h_j$, and it
# agrees.

# %%
query, key = ops.expand_dims(s_0 @ W_a, 1), encoded.annotations @ U_a
layer = keras.layers.AdditiveAttention()
layer.build([query.shape, encoded.annotations.shape, key.shape])
for name, each in (("Keras", layer), ("here", attention)):
    print(f"{name:6}", [tuple(weight.shape) for weight in each.weights])
layer.scale.assign(v_a[:, 0])
inputs = [query, encoded.annotations, key]
_, weights = layer(inputs, mask=[None, encoded.mask], return_attention_scores=True)
np.testing.assert_allclose(weights[:, 0], alpha, atol=1e-6)

# %% [markdown]
# ## Attention inside the recurrence
#
# The decoder is that of lesson 2. The only difference is the index of its context, which was c and
# is now $c_i$, another one at each step:
#
# $$\begin{aligned}
# c_i &= \sum_{j=1}^{n} \alpha_{ij} h_j \\
# s_i &= \mathrm{GRU}([y_{i-1}; c_i],\; s_{i-1}) \\
# t_i &= \tanh(W_t [s_i; c_i; y_{i-1}])
# \end{aligned}$$
#
# The context goes *into* the GRU. So the state keeps a trace of where the decoder has looked, and
# the next scores depend on that.

# %%
nodes = {
    "h": ("annotations $h_1 \\dots h_n$", (2, 2)),
    "e": ("scores $e_{ij}$, weights $\\alpha_{ij}$", (1, 1)),
    "c": ("context $c_i$", (3, 1)),
    "s": ("$s_{i-1}$", (0, 0)),
    "y": ("$y_{i-1}$", (3, -1)),
    "GRU": ("GRU", (3, 0)),
    "next": ("$s_i$", (4, 0)),
}

# %%
figure, axes = plt.subplots(figsize=(7, 2.8))
axes.set(xlim=(-0.4, 4.4), ylim=(-1.4, 2.4))
axes.axis("off")
style = {"ha": "center", "va": "center", "bbox": {"boxstyle": "round", "facecolor": "white"}}
boxes = {key: axes.text(*at, name, **style) for key, (name, at) in nodes.items()}
for arrow in ("h-e", "h-c", "s-e", "e-c", "s-GRU", "c-GRU", "y-GRU", "GRU-next"):
    a, b = arrow.split("-")
    ends = {"patchA": boxes[a].get_bbox_patch(), "patchB": boxes[b].get_bbox_patch()}
    axes.annotate("", nodes[b][1], nodes[a][1], arrowprops={"arrowstyle": "->", **ends})
alt = "Previous state and annotations give weights; these and the annotations, the context; "
show(figure, alt + "the GRU reads context, previous token and previous state.")

# %% [markdown]
# By hand, for a whole target. In lesson 2's loop the context stood before the `for`. (`change` may
# alter the weights of a step; we shall need that.)


# %%
def decode(target, encoded, change=lambda i, alpha: alpha):
    s = decoder.initial(encoded.state)
    for i in range(target.shape[1]):
        y = model.target_embedding(target[:, i])
        alpha = change(i, attend(s, encoded))
        c = ops.sum(ops.expand_dims(alpha, -1) * encoded.annotations, axis=1)
        s = decoder.cells[0](decoder.cells[0].project(y) + c @ decoder.context_kernel, s)
        t = decoder.readout(ops.concatenate([s, c, y], axis=-1))
        yield t @ ops.transpose(model.target_embedding.embeddings), alpha


# %% [markdown]
# On a batch of training pairs, beside the packaged model:

# %%
batches = Batches(tokenize_pairs(pairs, tokenizer), batch_tokens=768, seed=SEED)
inputs, labels = next(each for each in batches.stream() if each[1].shape[1] == 12)
source, target = inputs["source"], inputs["target"]
steps = [*decode(target, model.encode(source))]
logits, alpha = (np.stack(each, axis=1) for each in zip(*steps, strict=True))
print("logits", logits.shape, " weights", alpha.shape)
assert alpha.shape == (*labels.shape, source.shape[1])

# %%
packaged_logits, packaged_alpha = model(inputs, return_attention_scores=True)
np.testing.assert_allclose(logits, packaged_logits, atol=1e-4)
np.testing.assert_allclose(alpha, packaged_alpha, atol=1e-5)

# %% [markdown]
# ## Training
#
# Nearly as in lesson 2: batches are a little smaller, and the learning rate first rises, over
# `EVERY` updates, to a little more. Note what the training does not see: nobody tells the model
# which words belong together. Only the loss does, through the softmax, down to $W_a$, $U_a$ and
# $v_a$. (A hard choice of one position does not change when a score changes a little: its gradient
# would be zero.)

# %%
EVERY, REPORTS = 100, 9
schedule = keras.optimizers.schedules.CosineDecay(
    0.0, EVERY * (REPORTS - 1), warmup_target=5e-3, warmup_steps=EVERY
)
model.compile(
    optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
    loss=models.MaskedCrossentropy(),
)
print(f"{model.count_params():,} weights, {EVERY * REPORTS} updates")

# %%
held_out = Batches(tokenize_pairs(corpus.split("validation")[:200], tokenizer), 768)
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
assert CORPUS != "grammar" or history["val_loss"][-1] < 0.7

# %%
show_training(logs, alt="The loss falls fast, in training and validation alike, and levels off.")

# %% tags=["nbval-ignore-output"]
for name in ("loss", "val_loss"):
    print(f"{name:8}", *(f"{value:5.2f}" for value in history[name]))

# %% [markdown]
# ## Heat maps
#
# `TextToText` translates texts. Its `attend` also gives the weights of what was written.

# %%
text_to_text = search.TextToText(model, tokenizer, max_length=64)


def translate_and_look(texts):
    return {name: each.numpy() for name, each in text_to_text.attend(texts).items()}


# %%
def heat_map(answer, row):
    tokens = answer["source_tokens"][row], answer["output_tokens"][row]
    figure = evaluation.attention_figure(answer["weights"][row], *tokens)
    figure.set_layout_engine("none")  # It is laid out already.
    show(figure, alt=f"Weights of each token written, over the tokens of: {GERMAN[row]}")


# %% tags=["nbval-ignore-output"]
answer = translate_and_look(GERMAN)
for german, english in zip(GERMAN, answer["text"], strict=True):
    print(f"{german}\n    {english.decode()}")

# %%
heat_map(answer, 1)

# %%
heat_map(answer, 2)

# %% tags=["nbval-ignore-output"]
read, written = answer["source_tokens"][1], answer["output_tokens"][1]
for token, weights in zip(written, answer["weights"][1], strict=True):
    if token:
        most = weights.argmax()
        print(f"{token.decode():14} {weights[most]:4.0%} on {read[most].decode()}")

# %% [markdown]
# Columns are the tokens read, rows the tokens written; `▁`, which begins a word, is drawn as an
# open box. Look where the diagonal breaks. The German verb waits at the end of its clause, and the
# model jumps there for it. Where English says one verb in two words, two rows look at the same
# German word. No one taught it that. (German "sie" is both "she" and "they", and the model may
# confuse them. We come back to that.)
#
# **Often mixed up: which token a row belongs to.** At step i the decoder reads $y_{i-1}$ and looks
# at the source *for* $y_i$. So a row belongs to the token that comes out, and not to the token that
# went in. Label the rows with what went in, and all seem shifted by one. Below we measure that.
#
# ## Alignment error rate
#
# **Why.** Two heat maps prove little. The corpus `grammar` knows for every pair which words belong
# together, since rules have made both sides: its **gold alignments**. A **link** joins a source
# word and a target word. Some links are *sure*. Others are only *possible*, for words without a
# clear partner. A word is what stands between spaces, with its punctuation. (This section always
# uses `grammar`, whatever `CORPUS` is.)

# %%
gold_corpus = load_corpus("grammar", "de", "en")
gold_pairs, gold = gold_corpus.split("test"), gold_corpus.alignments("test")
number = [german for german, _ in gold_pairs].index(GERMAN[1])
german, english = (side.split() for side in gold_pairs[number])
sure, possible = gold[number]
for kind, links in (("sure", sure), ("possible", possible - sure)):
    print(f"{kind:8}", ", ".join(f"{german[j]} {english[i]}" for j, i in sorted(links)))

# %% [markdown]
# Now let every target word be linked to the source word that it looks at most. Och and Ney (2003)
# count how many of these links are right:
#
# $$\mathrm{AER} = 1 - \frac{|A \cap S| + |A \cap P|}{|A| + |S|}$$
#
# | symbol | what it is |
# | --- | --- |
# | $A$ | the links that are tested |
# | $S$ | the sure gold links |
# | $P$ | the possible gold links, the sure ones among them |
# | AER | the **alignment error rate**: 0 is perfect, 1 the worst |
#
# First somebody who believes that a translation keeps the order, and links along the diagonal:


# %%
def diagonal(pair):
    source_words, target_words = (len(side.split()) for side in pair)
    return {(i * source_words // target_words, i) for i in range(target_words)}


# %%
A, S, P = diagonal(gold_pairs[number]), sure, sure | possible
aer = 1 - (len(A & S) + len(A & P)) / (len(A) + len(S))
assert np.isclose(aer, evaluation.alignment_error_rate([A], [(sure, possible)]))
in_order = [diagonal(pair) for pair in gold_pairs]
aer_in_order = evaluation.alignment_error_rate(in_order, gold)
print(f"AER of the diagonal: {aer:.3f} in this pair, {aer_in_order:.3f} in the test split")

# %% [markdown]
# Now the model. It reads the reference itself, so that its words are those of the gold alignment.
# Where a source word has several tokens, their weights are added up; where a target word has
# several, its rows are averaged.

# %% tags=["nbval-ignore-output"]
links = evaluation.attention_alignments(model, tokenizer, gold_pairs)
aer = evaluation.alignment_error_rate(links, gold)
slipped = [{(j, i - 1) for j, i in each if i} for each in links]
aer_slipped = evaluation.alignment_error_rate(slipped, gold)
print(f"AER of the model: {aer:.3f}; with rows slipped by one: {aer_slipped:.3f}")
assert CORPUS != "grammar" or (aer < 0.45 and aer_slipped > aer + 0.2)

# %% [markdown]
# One pair as a picture: weights between words in grey, gold links as marks.

# %%
ids = tokenize_pairs([gold_pairs[number]], tokenizer)
source, target = ids.sources[0], ids.targets[0]
one_pair = {"source": source[None], "target": target[None, :-1]}
_, weights = model(one_pair, return_attention_scores=True)
words_of = [evaluation.words_of_pieces(tokenizer.pieces(each)) for each in (source, target[1:])]
weights = evaluation.word_weights(weights[0], *words_of)
assert weights.shape == (len(english), len(german))

# %% tags=["cover"]
figure, axes = plt.subplots(figsize=(5, 3.6))
axes.imshow(weights, cmap="Greys", vmin=0, vmax=1)
marks = {"markersize": 11, "markerfacecolor": "none", "markeredgewidth": 2, "linestyle": ""}
axes.plot(*zip(*sure, strict=True), marker="o", label="sure", **marks)
axes.plot(*zip(*possible - sure, strict=True), marker="s", label="possible", **marks)
axes.set_xticks(range(len(german)), german, rotation=90)
axes.set_yticks(range(len(english)), english)
axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
show(
    figure,
    alt="The weights of English words over German ones. Dark cells mostly hold a circle, a sure "
    "gold link, or a square, a possible one.",
)

# %% [markdown]
# ## Other scores, and windows
#
# Luong, Pham and Manning (2015) compare simpler scores. They also let the decoder see no more than
# a **window**, the positions around some $p_i$. (They ask with $s_i$, after the GRU. Here all ask
# with $s_{i-1}$, so that they fit one decoder.)
#
# | name | score | window |
# | --- | --- | --- |
# | dot | $e_{ij} = s_{i-1} \cdot h_j$ | none |
# | scaled-dot | $e_{ij} = s_{i-1} \cdot h_j / \sqrt{d}$ | none |
# | general | $e_{ij} = s_{i-1} \cdot W h_j$ | none |
# | additive | $e_{ij} = v_a^\top \tanh(W_a s_{i-1} + U_a h_j)$ | none |
# | local-m | general | $\lvert j - p_i \rvert \le D$, with $p_i = \min(i, n)$ |
# | local-p | general | the same, with $p_i = n\,\sigma(v_p^\top \tanh(W_p s_{i-1}))$ |
#
# | symbol | what it is |
# | --- | --- |
# | $D$ | how far the window reaches to either side |
# | $d$ | the size of $s_{i-1}$ |
# | $n$ | the number of source tokens |
# | $W$, $W_p$, $v_p$ | further weights |
# | $\sigma$ | the sigmoid |
#
# The m is for monotonic: that window moves along the diagonal. The p is for predicted: that one
# goes where the state sends it, from 0 to $n$; so its $j$ counts from 0. Its weights are multiplied
# with $\exp(-2 (j - p_i)^2 / D^2)$, which fades towards its ends; so they no longer have the sum 1.
# Dot needs states and annotations of one size. What does each learn?

# %%
WIDE = 2 * UNITS
attentions = {
    "dot": layers.MultiplicativeAttention("dot"),
    "general": layers.MultiplicativeAttention("general"),
    "additive": layers.AdditiveAttention(WIDE),
    "local-m": layers.LocalAttention(window=3, alignment="monotonic"),
    "local-p": layers.LocalAttention(window=3, alignment="predictive"),
}
for name, each in attentions.items():
    each.build((None, 1, WIDE), WIDE)
    print(f"{name:9}{each.count_params():8,} weights")

# %% [markdown]
# To see the windows alone, give the layers annotations that are all zero. (`Encoded` is what an
# encoder returns: annotations, mask, state and summary.) Then all scores are equal. The queries
# rise from step to step, so that local-p predicts positions from left to right.

# %%
SOURCE, TARGET = 20, 12
flat = layers.Encoded(ops.zeros((1, SOURCE, 1)), ops.ones((1, SOURCE), "bool"), None, None)
queries = np.linspace(-1, 1, TARGET, dtype="float32").reshape(-1, 1, 1, 1)


# %%
def window_of(attention):
    attention.build((1, 1, 1), 1)
    for weight in attention.weights:
        weight.assign(ops.full_like(weight, 2.0))
    memory = attention.start(flat)
    rows = [attention(query, memory, position=i) for i, query in enumerate(queries)]
    return np.stack(rows)[:, 0, 0]


# %%
windows = {
    "global": window_of(layers.MultiplicativeAttention("general")),
    "local-m": window_of(layers.LocalAttention(3, "monotonic")),
    "local-p": window_of(layers.LocalAttention(3, "predictive")),
}

# %%
figure, panels = plt.subplots(1, 3, figsize=(9, 2.2), sharey=True)
for axes, (name, weights) in zip(panels, windows.items(), strict=True):
    image = axes.imshow(weights, vmin=0, vmax=0.25)
    axes.set(title=name, xlabel="source position j", yticks=range(0, TARGET, 5))
panels[0].set_ylabel("target position i")
figure.colorbar(image, ax=panels, label="weight")
show(
    figure,
    alt="Weights for equal scores. Global: the same everywhere. Local-m: a band along the "
    "diagonal. Local-p: a band that fades at its edges and moves as predicted.",
)

# %% [markdown]
# (Code counts positions from 0.) The weights of the step in the middle have the sums

# %%
for name, weights in windows.items():
    print(f"{name:8} {weights[TARGET // 2].sum():.2f}")

# %% [markdown]
# A window helps where it is right. Local-m trusts the diagonal, whose error rate we have just seen.
#
# **Often said, and wrong: local attention is cheaper, since it scores fewer positions.** It could
# be. But another window for every row means gathering rows in memory, and one large product is
# fast. So this package, for one, scores all positions and masks what lies outside.

# %%
rng = np.random.default_rng(SEED)
annotations = rng.normal(size=(32, 200, WIDE)).astype("float32")
long_sources = layers.Encoded(ops.convert_to_tensor(annotations), np.full((32, 200), True), 0, 0)
query = ops.convert_to_tensor(rng.normal(size=(32, 1, WIDE)), "float32")
local = attentions["local-p"]
print("scores of local-p:", local.scores(query, local.start(long_sources)).shape)

# %% [markdown]
# We time one step of each, as part of a graph, which is how `fit` runs it. The fastest of many
# rounds is the one that was disturbed least.


# %%
def one_step(attention):
    memory = attention.start(long_sources)
    step = tf.function(lambda query: attention(query, memory, position=0))
    return step.get_concrete_function(query)


# %%
graphs = {name: one_step(each) for name, each in attentions.items()}
cost = dict.fromkeys(graphs, np.inf)
for _ in range(100):
    for name, step in graphs.items():
        before = time.perf_counter()
        step(query).numpy()
        cost[name] = min(cost[name], 1000 * (time.perf_counter() - before))

# %%
figure, axes = plt.subplots(figsize=(5, 2.2))
axes.barh(list(cost), list(cost.values()), color="0.5")
axes.invert_yaxis()
axes.set_xlabel("milliseconds a step")
show(figure, alt="Time of a step: most for additive attention, and no less for local than general.")

# %% tags=["nbval-ignore-output"]
print({name: f"{milliseconds:.2f} ms" for name, milliseconds in cost.items()})

# %% [markdown]
# Additive attention takes a tanh for each state, annotation and unit, and then a product; the
# others only the product. Which translates best, only training tells, and this lesson trains one.
# In the repository a command trains them all, with every encoder, on `grammar`, each for the same
# time:
#
# ```console
# $ python -m benchmarks.zoo
# ```
#
# What it gave is in a file. Here is the encoder of this lesson, twice as wide:

# %%
with open("results.json") as file:
    zoo = json.load(file)["zoo"]
print(f"{zoo['minutes']:g} minutes of training each")
print(f"{'':11} {'BLEU':>6} {'long':>6}   {'AER':>5}  tokens a second")
for name in ("fixed", "additive", "general", "dot", "scaled-dot", "local-m", "local-p"):
    entry = zoo["entries"][f"recurrent-{name}"]
    found = entry["test"]["bleu"], entry["long"]["bleu"], entry["test"]["aer"]
    print("{:11} {:6.1f} {:6.1f}   {:.3f}  {:7,}".format(name, *found, entry["tokens_per_second"]))

# %% [markdown]
# `fixed` is lesson 2's context, for comparison: its weights lie on no word, so it links none, and
# its AER is 1. Local-m does well. Its window there is wider than the one drawn above, and each
# annotation knows its whole sentence: either may be why. One training each, of equal time, not of
# equal updates; tokens a second are those of the training, and vary from run to run: read no order
# out of small differences. Plain `dot` suffers from its size: a sum of $d$ products soon exceeds
# the others by so much that the softmax hands it everything, and no gradient is left for the rest.
# `scaled-dot` divides by $\sqrt{d}$, as lesson 5 explains. General could learn a small $W$, but an
# optimizer's first steps are as large for it as for others, and a score is a sum of $d$ products.
# So the package learns $K = \sqrt{d}\,W$, and divides by $\sqrt{d}$: a step of $K$ is a smaller
# step of $W$.
#
# ## Attention is not explanation
#
# A heat map invites a story: it wrote this word because it looked at that one. Jain and Wallace
# (2019) put such stories to the test: change the weights and see whether the output changes. So do
# we, one step at a time. The weights of that step become uniform, those of all others stay. Its
# probabilities $p$ of the next token become $q$. How far is that? The **total variation distance**
# says it, from 0 for no change to 1:
#
# $$\mathrm{TV}(p, q) = \frac{1}{2} \sum_w \lvert p(w) - q(w) \rvert$$
#
# The sum runs over all tokens $w$ of the vocabulary. ($p$ without an index: the $p_i$ above was a
# window's middle.)

# %%
test_name = corpus.split_names[2]  # The first test split.
ids = tokenize_pairs(corpus.split(test_name)[:300], tokenizer).within(16)
source = keras.utils.pad_sequences(ids.sources, padding="post")
target = keras.utils.pad_sequences(ids.targets, padding="post")
# The ids begin with BEGIN. Shorter rows read END, which no label asks for.
target, labels = target[:, :-1], target[:, 1:]
encoded = model.encode(source)
real = (source != PADDING).astype("float32")
uniform = real / real.sum(axis=1, keepdims=True)


# %%
def probabilities(target, encoded, change=lambda i, alpha: alpha):
    steps = [*decode(target, encoded, change)]
    logits, alpha = (np.stack(each, axis=1) for each in zip(*steps, strict=True))
    return ops.softmax(logits).numpy(), alpha


# %%
p, alpha = probabilities(target, encoded)
distance = np.zeros(labels.shape)
for step in range(labels.shape[1]):
    q, _ = probabilities(target, encoded, lambda i, a, step=step: uniform if i == step else a)
    distance[:, step] = np.abs(p[:, step] - q[:, step]).sum(axis=-1) / 2

# %% [markdown]
# Every token that was written is a point in the picture below. To the right are steps that look
# hard at one position: dark cells in a heat map. At the top are those that need what they see.

# %%
largest = alpha.max(axis=-1)
figure, axes = plt.subplots(figsize=(6, 3.2))
for name, steps, mark in (("others", labels > END, "."), ("end token", labels == END, "x")):
    colour = "0.75" if name == "others" else "black"
    axes.plot(largest[steps], distance[steps], mark, color=colour, label=name)
axes.set(xlabel="largest weight", ylabel="distance, uniform weights")
axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
show(
    figure,
    alt="Tokens by largest weight and by distance. Most with a large weight move far, some do not "
    "move. The end tokens lie along the bottom, whatever their largest weight is.",
)

# %% tags=["nbval-ignore-output"]
for name, steps in (("the end token", labels == END), ("others", labels > END)):
    means = largest[steps].mean(), distance[steps].mean(), (distance[steps] > 0.5).mean()
    print("{:14} largest weight {:.2f}, distance {:.2f}; {:.0%} above 0.5".format(name, *means))
assert CORPUS != "grammar" or distance[labels == END].mean() < 0.1
assert CORPUS != "grammar" or distance[labels > END].mean() > 0.3
lengths = real.sum(axis=1).astype(int)
on_last = alpha.argmax(axis=-1) == (lengths - 2)[:, None]  # the last token before END
print(f"of the end tokens {on_last[labels == END].mean():.0%} look most at the last mark")

# %% [markdown]
# More than half of the words move far: they need what they see. The end token looks hard as well,
# often at the full stop, and where it looks makes no difference: most likely the full stop
# $y_{i-1}$ that was just written, which the GRU reads at this very step, settles it. "It stopped
# because it looked at the full stop" is a good story and not true.
#
# **Often said, and wrong: a word without weight had no influence.** German "sie" is "she" or
# "they", and the verb decides: "sie muss" is "she has to", "sie müssen" is "they have to". Where
# does the model look when it writes its first word?

# %% tags=["nbval-ignore-output"]
VERBS = [("muss", "müssen"), ("will", "wollen"), ("soll", "sollen"), ("kann", "können")]
texts = [f"Sie {verb} das Buch lesen." for two in VERBS for verb in two]
answer = translate_and_look(texts)
on_sie, on_verb = answer["weights"][:, 0, 0], answer["weights"][:, 0, 1]
for text, english, *weights in zip(texts, answer["text"], on_sie, on_verb, strict=True):
    weights = "Sie {:.2f}, verb {:.2f}".format(*weights)
    print(f"{text:28} {english.decode():28} weights of the first word: {weights}")
first = [english.decode().partition(" ")[0] for english in answer["text"]]
decided = [pair == ("She", "They") for pair in zip(first[::2], first[1::2], strict=True)]
assert CORPUS != "grammar" or (sum(decided) >= 2 and on_sie.min() > 0.5 > on_verb.max())

# %% [markdown]
# The heat map says "Sie" and nothing else. Yet the verb makes "She" of it, or "They". It reaches
# the first word in two ways that no weight at the verb shows: through the annotation of "Sie",
# since the encoder reads in both directions and $h_1$ has seen the verb, and through the first
# state $s_0$. A weight at position j is a weight of $h_j$, and not of the word at j.
#
# **Nor is it "not explanation".** Wiegreffe and Pinter (2019) answer: a model has learned with its
# own weights, and to swap them afterwards, one step at a time, says little about their worth. They
# train a model with uniform weights from the start, and ask whether it does as well. We train no
# other model here, and can only ask whether ours, as it was trained, needs its weights. They become
# uniform at *every* step:

# %% tags=["nbval-ignore-output"]
q, _ = probabilities(target, encoded, lambda i, alpha: uniform)
right = [(each.argmax(axis=-1) == labels)[labels != PADDING].mean() for each in (p, q)]
print("next tokens right: {:.0%} with its own weights, {:.0%} with uniform ones".format(*right))
assert CORPUS != "grammar" or right[0] > right[1] + 0.15

# %% [markdown]
# It does. (What is left comes from English itself, and from the mean of the annotations.) So the
# weights do their work in this model, all together, and they agree with gold alignments. Why *one*
# word was written, they do not tell. For that, change the source and see, as we did with the verb.
#
# ## The length, again
#
# The sentences of the end of lesson 2, measured in the same way.

# %%
test = corpus.split(test_name)
longer = corpus.split("long") if "long" in corpus.split_names else test[400:]
test = test[:400] + longer[:200]
sources, references = (list(side) for side in zip(*test, strict=True))
translator = search.Translator.of(text_to_text)
translations = [each.text for each in translator.translate(sources)]

# %% tags=["nbval-ignore-output"]
bleu = evaluation.score(translations[:400], references[:400])["bleu"]
print(f"BLEU {bleu:.1f} on {test_name}")
assert CORPUS != "grammar" or bleu > 60

# %%
by_length = evaluation.bleu_by_length(sources, translations, references, width=4, bins=6)
show(
    evaluation.length_figure({"additive attention": by_length}),
    alt="BLEU by the number of words in the source: about the same for all lengths. Below, how "
    "many sentences each point rests on.",
)
assert CORPUS != "grammar" or by_length[-1]["bleu"] > 0.7 * by_length[0]["bleu"]

# %% tags=["nbval-ignore-output"]
for part in by_length:
    print(f"{part['first']:2} to {part['last'] or 'more':>4} words: BLEU {part['bleu']:5.1f}")

# %% [markdown]
# The fall is gone, at lengths that the training split has. (Batches and learning rate are not quite
# lesson 2's; the table further up compares the two under one training. Lesson 6 looks at lengths
# that no model was trained on.) A long sentence is as long as ever, but each step has only to find
# its own part.
#
# ## Summary
#
# - A **context of fixed size** gives every sentence the same room. **Attention** keeps an
#   annotation for every token and mixes a new context at each step.
# - **Scores** become **weights** by a softmax. Padding is masked before it.
# - **Additive attention** compares with a small network. It stands inside the recurrence: the
#   previous state asks, the answer goes into the GRU, the next state asks again.
# - A row of a **heat map** belongs to the token that is written. Weights learned from translations
#   alone come far nearer to **gold alignments** than the diagonal does.
# - **Dot** and **general** scores cost less. A **window** changes what is seen; whether it saves
#   time depends on how it is computed.
# - A weight is of an **annotation**, which has read the whole sentence. It can be large and without
#   effect, or near zero on the word that decides.
#
# ## Exercises
#
# **1.** Compute the weights of `attentions["general"]` for `query` and `long_sources` by hand, and
# show that they are the layer's. Its one weight is `key_kernel`, which is $\sqrt{d}\,W$;
# `annotations @ key_kernel` has $\sqrt{d}\,W h_j$ as its rows.

# %% tags=["solution"]
# Solution 1
general = attentions["general"]
keys = annotations @ general.key_kernel / WIDE**0.5
by_hand = ops.softmax(query @ ops.swapaxes(keys, 1, 2))
packaged = general(query, general.start(long_sources))
np.testing.assert_allclose(by_hand, packaged, atol=1e-5)

# %% [markdown]
# **2.** **Precision** is the share of links that are right, $|A \cap P| / |A|$. **Recall** is the
# share of sure links that are found, $|A \cap S| / |S|$. Compute both for `in_order`, and for
# alignments that link every word with every word. Which has the lower AER?


# %% tags=["solution"]
# Solution 2
def precision_and_recall(alignments):
    triples = [(A, S, S | P) for A, (S, P) in zip(alignments, gold, strict=True)]
    right, made, found, all_sure = np.sum(
        [(len(A & P), len(A), len(A & S), len(S)) for A, S, P in triples], axis=0
    )
    return right / made, found / all_sure


sizes = [[len(side.split()) for side in pair] for pair in gold_pairs]
everything = [{(j, i) for j in range(n) for i in range(m)} for n, m in sizes]
for name, each in (("in order", in_order), ("everything", everything)):
    scored = (*precision_and_recall(each), evaluation.alignment_error_rate(each, gold))
    print("{}: precision {:.3f}, recall {:.3f}, AER {:.3f}".format(name, *scored))
assert precision_and_recall(everything)[1] == 1
# "In order" has the lower one. "Everything" finds every sure link, but few of its links are right.
assert evaluation.alignment_error_rate(everything, gold) > aer_in_order

# %% [markdown]
# **3.** Make the model look elsewhere. Take the pair "Die Großmutter sieht den Maler." and "The
# grandmother sees the painter.", and call `probabilities` with a `change` that puts all weight of
# the second step on "Maler", the painter. Which token is the most probable there, before and after?
# (`evaluation.words_of_pieces` tells which word each source token is of.)

# %% tags=["solution", "nbval-ignore-output"]
# Solution 3
german, english = "Die Großmutter sieht den Maler.", "The grandmother sees the painter."
ids = tokenize_pairs([(german, english)], tokenizer)
one_source, one_target = ids.sources[0][None], ids.targets[0][None, :-1]
place = evaluation.words_of_pieces(tokenizer.pieces(one_source[0])).index(4)
forced = np.eye(one_source.shape[1], dtype="float32")[[place]]
one_encoded = model.encode(one_source)
before, _ = probabilities(one_target, one_encoded)
after, _ = probabilities(one_target, one_encoded, lambda i, a: forced if i == 1 else a)
best = [int(each[0, 1].argmax()) for each in (before, after)]
print(tokenizer.pieces(best))
assert CORPUS != "grammar" or best[0] != best[1]

# %% [markdown]
# ## Papers
#
# - Bahdanau, Cho and Bengio (2015), *Neural Machine Translation by Jointly Learning to Align and
#   Translate*:
#   <https://arxiv.org/abs/1409.0473>
# - Och and Ney (2003), *A Systematic Comparison of Various Statistical Alignment Models*:
#   <https://aclanthology.org/J03-1002>
# - Luong, Pham and Manning (2015), *Effective Approaches to Attention-based Neural Machine
#   Translation*:
#   <https://aclanthology.org/D15-1166>
# - Jain and Wallace (2019), *Attention is not Explanation*:
#   <https://aclanthology.org/N19-1357>
# - Wiegreffe and Pinter (2019), *Attention is not not Explanation*:
#   <https://aclanthology.org/D19-1002>
#
# ## What comes next
#
# The model gives probabilities of the next token, and we always took the most probable one. Is the
# sentence that comes of it the most probable *sentence*? Lesson 4, **search**. Lesson 5 then throws
# the recurrence away and lets attention do everything.
