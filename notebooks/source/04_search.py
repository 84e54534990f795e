# %% [markdown]
# # 4. Search
#
# A model gives every token a probability of coming next. Nobody wants a token. What is wanted is a
# whole translation, and between the two stands a **search**: it decides what to read next, what to
# keep, when to stop. One model with two searches is two translators.
#
# **Objectives.** After this lesson you can
# - write a greedy search and a beam search yourself, equal to the package's;
# - tell a **search error** from a **model error**, and prove which one you see;
# - say why a wider beam can translate worse, and what a length penalty does about it;
# - sample with temperature, top-k and top-p, and choose between samples and an n-best list;
# - measure exposure bias, and say where it cannot act.
#
# **What you need:** Keras's basics (`Dense`, `compile`, `fit`), lesson 1 for tokens and padding,
# lesson 2 for the decoder and teacher forcing, lesson 3 for the model with attention.

# %%
import itertools
import textwrap

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import ops

from s2s_keras import evaluation, layers, models
from s2s_keras.corpora import load_corpus
from s2s_keras.lessons import show
from s2s_keras.pipeline import Batches, to_dataset, tokenize_pairs
from s2s_keras.search import Beam, Greedy, Sampling, Search, length_limits
from s2s_keras.special_ids import BEGIN, END, PADDING
from s2s_keras.tokenizer import Tokenizer

CORPUS = "grammar"  # or "multi30k" or "tatoeba"
SEED = 0
GRAMMAR = CORPUS == "grammar"
keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## What is searched for
#
# **Why.** Put the probabilities of the tokens together, and every target has one. The task is to
# find the most probable:
#
# $$\begin{aligned}
# p(y \mid x) &= \prod_{i=1}^{n} p(y_i \mid y_{\lt i}, x) \\
# s(y) = \ln p(y \mid x) &= \sum_{i=1}^{n} \ln p(y_i \mid y_{\lt i}, x) \\
# \hat{y} &= \operatorname*{argmax}_y \; s(y)
# \end{aligned}$$
#
# | symbol | what it is |
# | --- | --- |
# | $x$ | the source |
# | $y$ | a target, tokens $y_1$ to $y_n$; the last one is the end token |
# | $y_{\lt i}$ | what stands before the i-th token, a **prefix** |
# | $s(y)$ | the **score** of a target or of a prefix: a logarithm, so zero or below |
# | $\hat{y}$ | the most probable target, the **mode** |
#
# Scores are sums, because products of many small numbers soon become zero:

# %%
steps = np.full(80, 0.2, "float32")
print("product:", np.prod(steps), "  sum of logarithms:", round(float(np.log(steps).sum()), 1))

# %% [markdown]
# ## A model small enough to know everything
#
# To judge a search we must know what it should have found. So here is a model by hand, for one
# source: "Der Hund schläft." The next word depends on the last word alone, and the whole model is a
# table. The end token is `</s>`, the begin token `<s>`. The translation that we want is "the dog
# sleeps".

# %%
names = ["<pad>", "<unk>", "<s>", "</s>", "a", "the", "dog", "hound", "puppy", "sleeps"]
next_words = {
    "<s>": {"a": 0.45, "the": 0.35, "</s>": 0.20},
    "a": {"dog": 0.40, "hound": 0.32, "puppy": 0.28},
    "the": {"dog": 0.90, "hound": 0.10},
    "dog": {"sleeps": 0.60, "</s>": 0.40},
    "hound": {"sleeps": 0.70, "</s>": 0.30},
    "puppy": {"sleeps": 0.75, "</s>": 0.25},
    "sleeps": {"</s>": 0.95, "sleeps": 0.05},
}

# %%
words = range(END + 1, len(names))
table = np.zeros((len(names), len(names)))
for last, row in next_words.items():
    for word, probability in row.items():
        table[names.index(last), names.index(word)] = probability
with np.errstate(divide="ignore"):
    ln_table = np.log(table)  # Minus infinity for what is impossible.

# %%
figure, axes = plt.subplots(figsize=(6, 3.2))
image = axes.imshow(table[[BEGIN, *words], END:], cmap="Greys", vmax=1, aspect="auto")
axes.set_xticks(range(7), names[END:])
axes.set_yticks(range(7), ["<s>", *names[END + 1 :]])
axes.set(xlabel="next word", ylabel="last word")
figure.colorbar(image)
show(
    figure,
    alt="The table. After the begin token: a, the, or the end. After a: three nouns, none of them "
    "likely. After the: nearly always dog. After sleeps: nearly always the end.",
)

# %% [markdown]
# In this lesson a model is a function `log_p`. It gets prefixes `(K, length)` and gives for each of
# them the logarithms of the next token's probabilities, `(K, vocabulary)`.


# %%
def table_log_p(prefixes):
    return ln_table[prefixes[:, -1]]


def text(tokens):
    return " ".join(names[token] for token in tokens)


assert table_log_p(np.array([[BEGIN], [BEGIN]])).shape == (2, len(names))

# %% [markdown]
# Now all targets. Each ends with the end token, or is cut off at a **limit**, which every search
# needs: some models never want to end.

# %%
LIMIT = 5
all_targets = [
    (*prefix, END) for n in range(LIMIT) for prefix in itertools.product(words, repeat=n)
] + [*itertools.product(words, repeat=LIMIT)]


def s(target):
    return sum(ln_table[last, word] for last, word in itertools.pairwise((BEGIN, *target)))


# %% [markdown]
# The probabilities of all targets have the sum 1: a model is a distribution over *sentences*. Here
# are the most probable ones.

# %%
ranked = sorted(all_targets, key=s, reverse=True)
assert np.isclose(sum(np.exp(s(target)) for target in ranked), 1)
print(f"{len(ranked)} targets")
for target in ranked[:6]:
    print(f"{np.exp(s(target)):.3f}  {text(target)}")

# %% [markdown]
# The most probable target of all is the empty one. That is wrong, and no search is to blame. Keep
# the two kinds of error apart:
#
# | | what happened | who can mend it |
# | --- | --- | --- |
# | **search error** | the search missed a target with a higher score | a better search |
# | **model error** | the mode is not the translation wanted | a better model |
#
# We could list everything because there are six words and the limit is five. For a real model that
# is hopeless:

# %%
for vocabulary, length in ((len(words), LIMIT), (2000, 10), (2000, 20)):
    print(f"{vocabulary:4} words, {length:2} places: about 1e{length * np.log10(vocabulary):.0f}")

# %% [markdown]
# ## Greedy search
#
# **Why.** The cheapest idea: at each step take the most probable token.
#
# $$y_i = \operatorname*{argmax}_w \; p(w \mid y_{\lt i}, x)$$


# %%
def greedy(log_p, limit):
    y = [BEGIN]
    while len(y) <= limit and y[-1] != END:
        y.append(int(np.argmax(log_p(np.array([y])))))
    return tuple(y[1:])


greedy_target = greedy(table_log_p, LIMIT)
print(f"{np.exp(s(greedy_target)):.3f}  {text(greedy_target)}")
assert s(greedy_target) < s(ranked[0])

# %% [markdown]
# A search error. "a" was the best first word, but it spoils what follows: three nouns share its
# probability. Greedy search never takes back a word.
#
# To call the package, the table becomes a model with `start` and `step`, as the decoder of lesson 2
# has. `start` is told how many hypotheses to make room for, and of what length. The state has a
# part that all hypotheses of a source share and one that each owns; a table remembers nothing, so
# both are empty.


# %%
class TableModel:
    def __init__(self, logits):
        self.logits = np.maximum(logits, -1e9).astype("float32")
        self.vocabulary_size = len(logits)

    def start(self, source, width, length):
        return layers.DecoderState(shared=(), own=())

    def step(self, token, position, state):
        return ops.take(self.logits, token, axis=0), state, None


# %%
def search_table(strategy, logits=ln_table, limit=LIMIT):
    a_source = np.array([[END]])
    tokens, score = Search(TableModel(logits), strategy).generate(a_source, [limit], limit)
    assert tokens.shape == (1, strategy.results, limit)
    results = zip(score[0].numpy(), tokens[0].numpy(), strict=True)
    return [(each, tuple(y[y != PADDING])) for each, y in results]


((score, tokens),) = search_table(Greedy())
assert tokens == greedy_target and np.isclose(score, s(greedy_target))

# %% [markdown]
# ## Beam search
#
# **Why.** Do not bet on one prefix. Keep the $K$ best of them, extend each by every token, and keep
# the $K$ best of those. The prefixes that are kept are the **beam**, each is a **hypothesis**.
#
# $$\begin{aligned}
# C_i &= \{\, y \circ w \;:\; y \in B_{i-1},\; w \in V \,\} \\
# s(y \circ w) &= s(y) + \ln p(w \mid y, x) \\
# F_i &= \text{those of the } K \text{ best that end} \\
# B_i &= \text{the } K \text{ best that do not end} \\
# \tilde{y} &= \operatorname*{argmax}_{y \in F_1 \cup F_2 \cup \dots} s(y)
# \end{aligned}$$
#
# | symbol | what it is | in the code |
# | --- | --- | --- |
# | $K$ | the **width**, or beam size | `K` |
# | $V$ | the vocabulary | |
# | $y \circ w$ | prefix $y$ with the word $w$ behind it | |
# | $C_i$ | the **candidates** of step i | `C`, with scores `s_C` |
# | $B_i$ | the beam after step i; $B_0$ is the begin token alone | `B`, with scores `s_B` |
# | $F_i$ | what is **finished** at step i | `C[done]` |
# | $\tilde{y}$ | the result, which need not be the mode $\hat{y}$ | |
#
# Candidates first. Each prefix has one end token, so at most $K$ candidates end. The best $2K$ are
# enough to find $K$ that do not.


# %%
def candidates(B, s_B, K, log_p):
    scores = s_B[:, None] + log_p(B)  # (K, vocabulary)
    best = np.argsort(-scores, axis=None, kind="stable")[: 2 * K]
    best = best[np.isfinite(scores.ravel()[best])]
    k, w = np.unravel_index(best, scores.shape)
    return np.column_stack([B[k], w]), scores[k, w]


C, scores = candidates(np.array([[BEGIN]]), np.zeros(1), 2, table_log_p)
assert C.shape == (3, 2)
for y, score in zip(C, scores, strict=True):
    print(f"{np.exp(score):.2f}  {text(y)}")

# %% [markdown]
# Then the steps. Besides the limit, one more rule ends a search: none of the $K$ best goes on.


# %%
def beam_steps(log_p, K, limit):
    B, s_B = np.array([[BEGIN]]), np.zeros(1)
    for i in range(1, limit + 1):
        C, s_C = candidates(B, s_B, K, log_p)
        ends = (C[:, -1] == END) | (i == limit)
        over = ends[:K].all()
        done, going = np.flatnonzero(ends[:K]), np.flatnonzero(~ends & ~over)[:K]
        yield C, s_C, done, going
        if over:
            return
        B, s_B = C[going], s_C[going]


# %% [markdown]
# And the result: all that was finished, best first. ($a$ is explained soon; with 0 it does
# nothing.)


# %%
def beam_search(log_p, K, limit, a=0.0):
    finished = []
    for i, (C, s_C, done, _) in enumerate(beam_steps(log_p, K, limit), start=1):
        finished += [(s_C[c] / i**a, tuple(map(int, C[c, 1:]))) for c in done]
    return sorted(finished, reverse=True)[:K]


for K in (1, 2, 3):
    rank, y = beam_search(table_log_p, K, LIMIT)[0]
    print(f"K = {K}: {np.exp(rank):.3f}  {text(y)}")

# %% [markdown]
# A beam of one is greedy search. For every width, ours finds what the package's `Beam` finds:

# %%
assert beam_search(table_log_p, 1, LIMIT)[0][1] == greedy_target
for K, a in itertools.product(range(1, 7), (0.0, 0.5, 1.0)):
    ours = [y for _, y in beam_search(table_log_p, K, LIMIT, a)]
    packaged = search_table(Beam(K, length_penalty=a))
    assert ours == [y for _, y in packaged][: len(ours)]
    assert np.allclose([score for score, _ in packaged][: len(ours)], [s(y) for y in ours])

# %% [markdown]
# ### Drawn as a tree
#
# Every column is a step, every node a candidate with the probability of its whole prefix. White is
# kept, grey is finished, and what has no box is dropped.


# %%
def place(steps):
    places = {(BEGIN,): (0.0, 0.0)}
    for i, (C, s_C, _, _) in enumerate(steps, start=1):
        parents = [places[tuple(y[:-1])][1] for y in C]
        order = np.lexsort((-s_C, [-height for height in parents]))
        for rank, c in enumerate(order):
            places[tuple(C[c])] = (i, (len(C) - 1) / 2 - rank)
    return places


# %%
CENTRED = {"ha": "center", "va": "center", "size": 8}


def draw_tree(axes, steps, names, number=lambda s: f"{np.exp(s):.3f}"):
    places = place(steps)
    axes.text(0, 0, names[BEGIN], bbox={"boxstyle": "round", "fc": "white"}, **CENTRED)
    for C, s_C, done, going in steps:
        for c, y in enumerate(C):
            here, parent = places[tuple(y)], places[tuple(y[:-1])]
            kept = c in done or c in going
            line, word = ("black", "black") if kept else ("0.8", "0.4")
            ends = zip(parent, here, strict=True)
            axes.plot(*ends, color=line, linestyle="-", marker="", zorder=1)
            box = {"boxstyle": "round", "fc": "0.8" if c in done else "white"}
            box["ec"] = "black" if kept else "white"
            label = f"{names[y[-1]]} {number(s_C[c])}"
            axes.text(*here, label, color=word, bbox=box, **CENTRED)


# %%
def show_tree(K):
    steps = [*beam_steps(table_log_p, K, LIMIT)]
    figure, axes = plt.subplots(figsize=(7.5, 0.5 + 0.6 * K))
    draw_tree(axes, steps, names)
    axes.set(xlim=(-0.2, 4.3), ylim=(-K, K), title=f"K = {K}")
    axes.axis("off")
    best = text(beam_search(table_log_p, K, LIMIT)[0][1])
    show(figure, alt=f"The tree of a beam of {K}. The most probable of what it finishes: {best}")


for K in (1, 2):
    show_tree(K)

# %% tags=["cover"]
show_tree(3)

# %% [markdown]
# The first steps of the widths 2 and 3 in words:

# %%
for K in (2, 3):
    first_steps = itertools.islice(beam_steps(table_log_p, K, LIMIT), 2)
    for i, (C, _, done, going) in enumerate(first_steps, start=1):
        for name, chosen in (("finished", done), ("kept", going)):
            print(f"K = {K}, step {i}: {name:8}", ", ".join(text(C[c, 1:]) for c in chosen))

# %% [markdown]
# ### Often said, and wrong: "a wider beam is always better"
#
# Read the trees again. At the first step `</s>` comes third: a beam of two drops it, although it
# ends, and a beam of three keeps it. The beam of two found the translation that we want, and that
# was a search error: it missed the mode. The beam of three missed nothing, and its result is empty.
# A wider beam finds what is more *probable*. Whether that is better, only the model decides.

# %%
wanted = "the dog sleeps </s>"
results = {K: beam_search(table_log_p, K, LIMIT)[0][1] for K in (1, 2, 3)}
print("search error:", {K: y != ranked[0] for K, y in results.items()})
print("as wanted:   ", {K: text(y) == wanted for K, y in results.items()})
assert text(results[2]) == wanted and results[3] == ranked[0] == (END,)

# %% [markdown]
# ### A proof that comes for free
#
# A beam can prove its own result. The candidates of one step exclude each other, so their
# probabilities have at most the sum 1, and fewer than $K$ of them can be above $1/K$. Hence a
# target above $1/K$ never falls out of the beam, since its prefixes are above $1/K$ too. So:
#
# $$p(\tilde{y} \mid x) > \frac{1}{K} \;\Longrightarrow\; \tilde{y} = \hat{y}$$
#
# If the mode were another target, it would be above $1/K$ as well, and the beam would have it. No
# list of all targets is needed, whatever the vocabulary. (Ranked by $s$, that is, without a length
# penalty.)

# %%
for K in (1, 2, 3, 4, 6):
    rank, y = beam_search(table_log_p, K, LIMIT)[0]
    proven = np.exp(rank) > 1 / K
    print(f"K = {K}: {np.exp(rank):.3f} {'>' if proven else '<='} {1 / K:.3f}  {text(y)}")
    assert not proven or y == ranked[0]

# %% [markdown]
# ## The length penalty
#
# **Why.** Every further word costs: a logarithm of a probability is never above zero. So a sum
# favours short targets. Divide it by the length, and long targets are judged by their mean:
#
# $$\mathrm{rank}(y) = \frac{s(y)}{n^a}$$
#
# | symbol | what it is |
# | --- | --- |
# | $n$ | the number of tokens of $y$, with its end token |
# | $a$ | the **length penalty**: 0 ranks by probability, 1 by the mean of a token |
#
# (The name is old, and misleading: a higher $a$ favours *long* targets. Others divide by other
# functions of the length; Wu et al. (2016) use $((5 + n) / 6)^a$.)

# %%
for a in (0.0, 1.0):
    rank, y = beam_search(table_log_p, 3, LIMIT, a)[0]
    print(f"a = {a:.0f}: rank {rank:.2f}  {text(y)}")
assert text(y) == wanted

# %% [markdown]
# The penalty does not touch the search's steps. Prefixes of one step have one length, so to divide
# all of them changes nothing. It decides among what is *finished*, and therefore it can only choose
# what the beam has found.
#
# ## A model with errors of its own
#
# Now a trained model: that of lesson 3, stopped early. A model that is always right would teach us
# nothing about searching.

# %%
corpus = load_corpus(CORPUS, "de", "en")
pairs = corpus.split("train")
tokenizer = Tokenizer.train((text for pair in pairs for text in pair), vocabulary_size=2000)
UNITS = 128
encoder = layers.RecurrentEncoder(UNITS)
decoder = layers.RecurrentDecoder(UNITS, UNITS, attention=layers.AdditiveAttention(UNITS))


# %% [markdown]
# While it trains, we count the calls of `step`, through which the package's searches ask for a next
# token.


# %%
class Counting(models.EncoderDecoder):
    asked = 0

    def step(self, token, position, state):
        Counting.asked += 1
        return super().step(token, position, state)


model = Counting(tokenizer.vocabulary_size, UNITS, encoder, decoder)
model.build()

# %%
UPDATES = 400
schedule = keras.optimizers.schedules.CosineDecay(
    0.0, UPDATES - 50, warmup_target=5e-3, warmup_steps=50
)
model.compile(
    optimizer=keras.optimizers.Adam(schedule, global_clipnorm=1.0),
    loss=models.MaskedCrossentropy(),
)

# %%
batches = Batches(tokenize_pairs(pairs, tokenizer), batch_tokens=768, seed=SEED)
held_out = Batches(tokenize_pairs(corpus.split("validation")[:200], tokenizer), 768)
history = model.fit(
    to_dataset(batches.stream),
    steps_per_epoch=UPDATES,
    validation_data=to_dataset(held_out.in_order, len(held_out)),
    shuffle=False,
    verbose=0,
).history
assert history["val_loss"][0] < 1.2 or not GRAMMAR

# %% [markdown]
# ### Often said, and wrong: "the search plays a part in the training loss"
#
# The loss is made from the reference alone, as input and as labels (lesson 2). No search has run in
# that training, neither for the loss nor for the validation:

# %%
print("asked for a next token in training:", Counting.asked, "times")
assert Counting.asked == 0

# %% [markdown]
# So beam or no beam, width and penalty are chosen *after* the training, for the same weights. It
# also means that the loss cannot tell how good the translations of a search are.
#
# The test sentences, as ids. `reference` is what lesson 2 called the labels.

# %%
test_name = corpus.split_names[2]  # The first test split.
test = corpus.split(test_name)[:300]
ids = tokenize_pairs(test, tokenizer)
source = keras.utils.pad_sequences(ids.sources, padding="post")
target = keras.utils.pad_sequences(ids.targets, padding="post")
read, reference = target[:, :-1], target[:, 1:]
print("source", source.shape, " reference", reference.shape)

# %% [markdown]
# Our searches want a `log_p`. For the trained model it reads the prefixes from their beginning, at
# every step anew. (The package keeps the decoder's state instead. When it drops a hypothesis and
# doubles another, it copies the state too.) Padding, unknown and begin never come.

# %%
possible = np.arange(tokenizer.vocabulary_size) >= END


def log_p_of(one_source):
    def log_p(prefixes):
        sources = np.repeat(one_source[None], len(prefixes), axis=0)
        logits = model({"source": sources, "target": prefixes})[:, -1]
        return ops.log_softmax(ops.where(possible, logits, -1e9)).numpy()

    return log_p


# %% [markdown]
# The package's searches, on the first hundred sentences. `length_limits` gives every source a limit
# of twice its length and some more, and never more than its second argument.

# %%
MOST = int(max(length_limits(source, 64)))


def search(strategy, rows):
    limits = length_limits(source[rows], MOST)
    return Search(model, strategy).generate(source[rows], limits, MOST)


FEW = slice(0, 100)
greedy_found = search(Greedy(), FEW)
print("greedy targets", greedy_found.tokens.shape, " scores", greedy_found.score.shape)

# %% [markdown]
# Of the short sentences we pick the one that the model is least sure of. The same beam search by
# hand, on another model, and again the package's result:

# %%
is_short = (source[FEW] != PADDING).sum(axis=1) <= 9
row = int(np.argmin(np.where(is_short, greedy_found.score[:, 0], 0)))
limit = int(length_limits(source[row : row + 1], MOST)[0])
log_p = log_p_of(source[row])
for K, a in ((1, 0.0), (4, 0.0), (4, 1.0)):
    ours = beam_search(log_p, K, limit, a)
    packaged = search(Beam(K, length_penalty=a), slice(row, row + 1)).tokens[0].numpy()
    assert [y for _, y in ours] == [tuple(y[y != PADDING]) for y in packaged]
assert Counting.asked > 0

# %% [markdown]
# The tree of that sentence, its first steps, with the log probabilities $s$. `▁` begins a word.
# Where two branches stay alive for long, the model cannot decide; and often they differ in one
# word, far back.

# %%
steps = [*beam_steps(log_p, 3, limit)][:7]
figure, axes = plt.subplots(figsize=(9.5, 3.4))
pieces = tokenizer.pieces(np.arange(tokenizer.vocabulary_size))
draw_tree(axes, steps, pieces, number="{:.2f}".format)
axes.set(xlim=(-0.3, len(steps) + 0.4), ylim=(-3, 3), title=test[row][0])
axes.axis("off")
show(figure, alt="The first steps of a beam of three with the trained model: six candidates each.")

# %% [markdown]
# ## Wider and wider
#
# The hundred sentences with beams of rising width, ranked by probability and by the mean of a
# token.

# %%
few_references = [english for _, english in test[FEW]]


def texts(tokens):
    return [each.decode() for each in tokenizer.detokenize(tokens).numpy()]


def judged(found):
    tokens, scores = found.tokens[:, 0].numpy(), found.score[:, 0].numpy()
    bleu = evaluation.score(texts(tokens), few_references)["bleu"]
    length = (tokens != PADDING).sum() / (reference[FEW] != PADDING).sum()
    return {"score": scores.mean(), "BLEU": bleu, "length": length}


# %%
WIDTHS = (1, 2, 4, 8, 32)
found = {
    (a, K): search(Beam(K, length_penalty=a, results=1), FEW) for a in (0.0, 1.0) for K in WIDTHS
}
curves = {a: [judged(found[a, K]) for K in WIDTHS] for a in (0.0, 1.0)}
np.testing.assert_array_equal(greedy_found.tokens[:, 0], found[0.0, 1].tokens[:, 0])

# %%
panels = {"score": "mean score", "BLEU": "BLEU", "length": "length, reference = 1"}
figure, all_axes = plt.subplots(1, 3, figsize=(9, 3))
for axes, (key, name) in zip(all_axes, panels.items(), strict=True):
    for a, rows in curves.items():
        axes.plot(WIDTHS, [each[key] for each in rows], label=f"a = {a:.0f}")
    axes.set(xscale="log", xticks=WIDTHS, xticklabels=WIDTHS, xlabel="width K", title=name)
    axes.minorticks_off()
axes.legend()
show(
    figure,
    alt="By width: the mean score rises, most without a penalty. BLEU falls without a penalty and "
    "does not with one. The length falls without a penalty, far below that of the references.",
)

# %% tags=["nbval-ignore-output"]
for a, rows in curves.items():
    for K, each in zip(WIDTHS, rows, strict=True):
        print(f"a = {a:.0f}, K = {K:2}:", *(f"{key} {value:6.2f}" for key, value in each.items()))

# %%
assert curves[0.0][-1]["score"] > curves[0.0][0]["score"]
assert not GRAMMAR or curves[0.0][-1]["BLEU"] < curves[0.0][0]["BLEU"] - 2
assert not GRAMMAR or curves[0.0][-1]["length"] < curves[0.0][0]["length"] - 0.05
assert not GRAMMAR or curves[1.0][-1]["BLEU"] > curves[0.0][-1]["BLEU"] + 3
assert not GRAMMAR or curves[1.0][2]["BLEU"] > curves[1.0][0]["BLEU"]

# %% [markdown]
# That is the table's story again. Without a penalty the wider search does its work, and finds more
# probable targets. They are shorter, and they are worse. So the narrow beam was good *because* of
# its search errors: it never saw the bad targets that the model likes (Stahlberg and Byrne 2019
# found an empty mode for more than half of their sentences, with a well-trained Transformer, the
# model of lesson 5). With the penalty, on these sentences, a beam of four is better than a greedy
# search (lesson 6 tells how sure such a difference is), and wider ones mostly cost more (the model
# reads $K$ prefixes a step).
#
# Read what a wide beam prefers:

# %% tags=["nbval-ignore-output"]
shortened = {name: texts(found[0.0, K].tokens[:, 0]) for name, K in (("K = 1", 1), ("K = 32", 32))}
missing = np.array([len(a) - len(b) for a, b in zip(*shortened.values(), strict=True)])
for index in np.argsort(-missing, kind="stable")[:3]:
    for name, each in {"reference": few_references, **shortened}.items():
        print(textwrap.fill(f"{name:>9}: {each[index]}", 90, subsequent_indent=11 * " "))
    print()
assert not GRAMMAR or missing.sum() > 0

# %% [markdown]
# ## Whose error is it?
#
# No list of all targets will help now, but the reference has a score too. Compare it with that of
# the result:
#
# | the result is | and the reference scores | so it is |
# | --- | --- | --- |
# | the reference | | right |
# | another | higher | a **search error**, proven: the search missed it |
# | another | lower or the same | a **model error**: the model prefers something else |
#
# (By "error" we mean here: not the reference. Another translation may be as good.)


# %%
def reference_scores(rows):
    logits = model({"source": source[rows], "target": read[rows]})
    log_p = ops.log_softmax(ops.where(possible, logits, -1e9))
    each = ops.take_along_axis(log_p, reference[rows][..., None], axis=-1)[..., 0]
    return np.sum(each * (reference[rows] != PADDING), axis=1)


s_reference = reference_scores(FEW)


# %%
def blame(found):
    tokens, scores = found.tokens[:, 0].numpy(), found.score[:, 0].numpy()
    width = reference.shape[1]
    padded = np.pad(tokens, [(0, 0), (0, max(0, width - tokens.shape[1]))])
    right = (padded[:, :width] == reference[FEW]).all(axis=1) & ~padded[:, width:].any(axis=1)
    search_error = ~right & (s_reference > scores + 1e-3)
    return [right.mean(), search_error.mean(), (~right & ~search_error).mean()]


# %%
kinds = ("right", "search error", "model error")
shares = np.array([blame(found[0.0, K]) for K in WIDTHS])
figure, axes = plt.subplots(figsize=(6, 2.6))
left = np.zeros(len(WIDTHS))
for name, share, colour, hatch in zip(
    kinds, shares.T, ("white", "0.3", "0.8"), ("", "", "//"), strict=True
):
    axes.barh(range(len(WIDTHS)), share, left=left, color=colour, hatch=hatch, ec="k", label=name)
    left += share
axes.set_yticks(range(len(WIDTHS)), [f"K = {K}" for K in WIDTHS])
axes.set(xlabel="share of sentences", xlim=(0, 1))
axes.invert_yaxis()
axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
show(
    figure,
    alt="Shares by width. Proven search errors shrink to nothing as the beam widens, and model "
    "errors take their place. What is right does not grow.",
)
assert not GRAMMAR or shares[-1, 1] < 0.05 < shares[0, 1]

# %% tags=["nbval-ignore-output"]
for K, each in zip(WIDTHS, shares, strict=True):
    print(
        f"K = {K:2}:", ", ".join(f"{n} {share:.0%}" for n, share in zip(kinds, each, strict=True))
    )

# %% [markdown]
# Greedy search makes search errors, and a wider beam mends them. And then? What was a search error
# becomes a model error, and fewer results are right than before. More search does not help a model
# that likes the wrong target.
#
# (A search error that is not *proven* counts as a model error here: the result beats the reference,
# and some third target may beat both.) For some sentences we know even that. The widest beam proves
# its own result, as on the table, where its probability is above $1/K$. No list of all targets
# could ever be written, and yet we know the best of them:

# %% tags=["nbval-ignore-output"]
tokens, scores = (each[:, 0].numpy() for each in found[0.0, 32])
proven = np.exp(scores) > 1 / 32
missed = greedy_found.score[:, 0].numpy() < scores - 1e-3
print(f"mode known for {proven.sum()} of {len(proven)} sentences;", end=" ")
print(f"greedy search misses it in {missed[proven].sum()} of them")
assert not GRAMMAR or (proven.sum() >= 5 and missed[proven].mean() < 0.5)

# %% [markdown]
# Where the model is sure, greedy search finds the mode most of the time. Where it is not sure, no
# beam of this size proves anything.
#
# ## Not one, but n: the n-best list
#
# **Why.** A beam finishes several targets. Somebody else may choose among them: a person, or a
# slower model that could never search by itself (**reranking**). The list is in the order of the
# mean of a token, the first number; the second is the score, that is, the sum.

# %% tags=["nbval-ignore-output"]
n_best = search(Beam(16, length_penalty=1.0), FEW)
print(f"{'reference':>16}: {few_references[row]}")
for y, score in zip(n_best.tokens[row, :6], n_best.score[row, :6], strict=True):
    mean = float(score) / np.sum(y != PADDING)
    print(f"{mean:9.3f} {float(score):6.2f}: {texts(y[None])[0]}")
tokens, scores = n_best.tokens[row].numpy(), n_best.score[row].numpy()
assert (np.diff(scores / (tokens != PADDING).sum(axis=1)) < 1e-6).all()

# %% [markdown]
# How often is the reference among the first $n$ of the list? (This $n$ counts targets; that of the
# length penalty, tokens.) That is the most that a reranker could gain.


# %%
def is_reference(tokens):
    width = max(tokens.shape[-1], reference.shape[1])
    fill = [(0, 0)] * (tokens.ndim - 1)
    hypotheses = np.pad(tokens, [*fill, (0, width - tokens.shape[-1])])
    wanted = np.pad(reference[FEW], [(0, 0), (0, width - reference.shape[1])])
    return (hypotheses == wanted[:, None]).all(axis=-1)


among = np.cumsum(is_reference(n_best.tokens.numpy()), axis=1).clip(max=1).mean(axis=0)
figure, axes = plt.subplots(figsize=(5.5, 2.6))
axes.plot(range(1, 17), among)
axes.set(xlabel="n", ylabel="reference among the n best", ylim=(0, 1))
show(figure, alt="The share of sentences whose reference is among the n best rises with n.")
assert not GRAMMAR or among[-1] > among[0] + 0.05

# %% tags=["nbval-ignore-output"]
print({f"n = {n}": f"{among[n - 1]:.0%}" for n in (1, 2, 4, 8, 16)})

# %% [markdown]
# ## Sampling
#
# **Why.** Sometimes the one best target is not what is wanted: several suggestions, training data,
# stories. Then let chance choose, with the model's probabilities. Three knobs change them first:
#
# $$p_\tau(w) = \frac{\exp(z_w / \tau)}{\sum_v \exp(z_v / \tau)}$$
#
# | symbol | what it is | in the code |
# | --- | --- | --- |
# | $z_w$ | the **logit** of word w, what the softmax is made from | `z` |
# | $\tau$ | the **temperature**: below 1 favours probable words, above 1 others | `temperature` |
# | $k$ | **top-k**: only the $k$ most probable words stay | `top_k` |
# | $P$ | **top-p**: only as many of them stay as together have the probability $P$ | `top_p` |
#
# What stays with top-p is called the **nucleus** (Holtzman et al. 2020): the smallest set of the
# most probable words that has at least the probability $P$. What stays is divided by its sum. The
# knobs turn in the order of the table. Top-k keeps as many words where the model is sure as where
# it is not. Top-p keeps few in the first case, and many in the second.


# %%
def with_knobs(z, temperature=1.0, top_k=None, top_p=1.0):
    order = np.argsort(-z)
    p = np.exp((z[order] - z.max()) / temperature)
    p[top_k or len(p) :] = 0
    p /= p.sum()
    p[np.cumsum(p) - p >= top_p] = 0  # What stands before it is enough.
    return (p / p.sum())[np.argsort(order)]


# %%
z = np.array([3.0, 2.6, 1.9, 1.5, 0.8, 0.3, -0.2, -1.0])
settings = {
    "all": {},
    "tau = 0.5": {"temperature": 0.5},
    "tau = 2": {"temperature": 2.0},
    "k = 3": {"top_k": 3},
    "P = 0.85": {"top_p": 0.85},
    "all three": {"temperature": 2.0, "top_k": 6, "top_p": 0.7},
}
for name, each in settings.items():
    print(f"{name:10}", " ".join(f"{p:.2f}" for p in with_knobs(z, **each)))

# %%
figure, all_axes = plt.subplots(1, 6, figsize=(9.5, 2.2), sharey=True)
for axes, (name, each) in zip(all_axes, settings.items(), strict=True):
    axes.bar(range(len(z)), with_knobs(z, **each), color="0.4")
    axes.set(title=name, xticks=[], xlabel="words")
all_axes[0].set_ylabel("probability")
show(
    figure,
    alt="Probabilities of eight words. A low temperature makes the first words taller, a high one "
    "evens them out; top-k and top-p cut off the last words.",
)

# %% [markdown]
# Does the package draw with these probabilities? A model of one step, four thousand samples, and
# the total variation distance of lesson 3 between what was drawn and what we computed:

# %%
SAMPLES = 4000
one_step = np.tile(np.concatenate([np.full(END + 1, -1e9), z]), (len(z) + END + 1, 1))
for each in settings.values():
    drawn = search_table(Sampling(**each, seed=SEED, samples=SAMPLES), one_step, limit=1)
    counts = np.bincount([y[0] - END - 1 for _, y in drawn], minlength=len(z))
    distance = np.abs(counts / SAMPLES - with_knobs(z, **each)).sum() / 2
    assert distance < 0.03 and not counts[with_knobs(z, **each) == 0].any()

# %% [markdown]
# Drawn token by token, a whole target comes out with its own probability $p(y \mid x)$. On the
# table we can check that as well. Greedy search gives one target always; sampling gives the mode
# about as often as it deserves.

# %%
drawn = search_table(Sampling(seed=SEED, samples=SAMPLES))
for target in ranked[:4]:
    share = np.mean([y == target for _, y in drawn])
    print(f"{np.exp(s(target)):.3f}, drawn {share:.3f}  {text(target)}")
    assert abs(share - np.exp(s(target))) < 0.03

# %% [markdown]
# Now the trained model, eight samples a sentence. What does the temperature buy, and what does it
# cost?

# %%
TEMPERATURES = (0.5, 1.0, 1.5)
samples = {
    tau: search(Sampling(tau, seed=SEED, samples=8), FEW).tokens.numpy() for tau in TEMPERATURES
}
samples["top-p 0.8"] = search(Sampling(top_p=0.8, seed=SEED, samples=8), FEW).tokens.numpy()
eight_references = [each for each in few_references for _ in range(8)]


def quality_and_variety(tokens):
    flat = texts(tokens.reshape(-1, tokens.shape[-1]))
    groups = [set(" ".join(flat[i : i + 8]).split()) for i in range(0, len(flat), 8)]
    return evaluation.score(flat, eight_references)["bleu"], np.mean([*map(len, groups)])


# %%
points = {name: quality_and_variety(each) for name, each in samples.items()}
points["8-best"] = quality_and_variety(n_best.tokens[:, :8].numpy())
figure, axes = plt.subplots(figsize=(5.5, 3))
for name, (bleu, variety) in points.items():
    axes.plot(variety, bleu, "s" if name == "8-best" else "o", color="black")
    label = name if isinstance(name, str) else f"$\\tau$ = {name}"
    side = {"ha": "right", "xytext": (-7, -3)} if name == "8-best" else {"xytext": (7, -3)}
    axes.annotate(label, (variety, bleu), textcoords="offset points", **side)
axes.set(xlabel="different words in eight translations", ylabel="BLEU of all eight")
axes.margins(x=0.2)
show(
    figure,
    alt="Samples by variety and quality: with rising temperature the eight have more different "
    "words, and BLEU falls. The eight best of a beam have few different words.",
)
assert not GRAMMAR or points[0.5][0] > points[1.0][0] > points[1.5][0]
assert not GRAMMAR or points["8-best"][1] < points[1.0][1]

# %% tags=["nbval-ignore-output"]
points["greedy"] = quality_and_variety(greedy_found.tokens.numpy().repeat(8, axis=1))
for name, (bleu, variety) in points.items():
    print(f"{name!s:10} BLEU {bleu:5.1f}, {variety:4.1f} different words")

# %% [markdown]
# There is no best setting: you pay for variety with quality. Samples at temperature 1 are honest,
# they are what the model believes, and on average far worse than the greedy result. The eight best
# of the beam are eight different rows of tokens, but look at the list above: they are near copies,
# with few new words.
#
# ## Exposure bias
#
# In training the decoder reads the reference, in a search its own words (lesson 2). It was never
# exposed to its own mistakes; so, one reads, a first mistake brings the next, and they grow like an
# avalanche. That is **exposure bias**. Let us measure it.
#
# `forced` is what the model would say next at every position, when it reads the reference. `read`
# begins with the begin token, so what is said at i is read at i + 1.


# %%
def said(read):
    logits = model({"source": source, "target": read})
    return ops.argmax(ops.where(possible, logits, -1e9), axis=-1).numpy()


forced = said(read)
wrong = (forced != reference) & (reference != PADDING)
has_error, first = wrong.any(axis=1), wrong.argmax(axis=1)

# %% [markdown]
# ### Where it cannot act
#
# As long as all words are right, the reference and the own words are the same. So greedy search
# writes the reference exactly where the forced model makes no mistake: exposure bias costs no
# sentence that would have been right, and the *first* mistake of a sentence is never its fault.

# %%
everything = slice(None)
tokens = search(Greedy(), everything).tokens[:, 0].numpy()
width = max(tokens.shape[1], reference.shape[1])
as_wide = [np.pad(each, [(0, 0), (0, width - each.shape[1])]) for each in (tokens, reference)]
exact = (as_wide[0] == as_wide[1]).all(axis=1)
np.testing.assert_array_equal(exact, ~has_error)

# %% [markdown]
# ### What a wrong word does
#
# It can only act after that. We take the sentences with a mistake, and change one thing: the word
# that is read at the place of the first mistake. Once it is the reference's, once the model's own,
# and once one drawn at random. Everything after that is the reference again. How many of the next
# tokens are right?

# %%
stopped = forced[np.arange(len(forced)), first] == END  # Here a search would be over.
rows = np.flatnonzero(has_error & ~stopped)
own, other = read.copy(), read.copy()
own[rows, first[rows] + 1] = forced[rows, first[rows]]
rng = np.random.default_rng(SEED)
other[rows, first[rows] + 1] = rng.integers(END + 1, tokenizer.vocabulary_size, len(rows))


# %%
right = {
    "the reference's token": ~wrong,
    "the model's own": said(own) == reference,
    "a random one": said(other) == reference,
}
DISTANCES = range(1, 8)


def right_after(right, distance):
    at = first[rows] + distance
    some, at = rows[at < reference.shape[1]], at[at < reference.shape[1]]
    real = reference[some, at] != PADDING
    return right[some, at][real].mean()


# %%
figure, axes = plt.subplots(figsize=(6, 3))
after = {name: [right_after(each, d) for d in DISTANCES] for name, each in right.items()}
for name, values in after.items():
    axes.plot(DISTANCES, values, label=name)
axes.set(xlabel="tokens after the first mistake", ylabel="share of tokens right", ylim=(0, 1))
axes.legend(title="read in its place", loc="upper left", bbox_to_anchor=(1, 1))
show(
    figure,
    alt="Share of tokens right by distance from the first mistake. Right behind it far fewer are "
    "right after the model's own token than after the reference's. After a few the curves meet.",
)

# %% tags=["nbval-ignore-output"]
for name, each in after.items():
    print(f"{name:20}", *(f"{share:.0%}" for share in each))
clean, own_word, random_word = (np.array(each) for each in after.values())
assert not GRAMMAR or max(own_word[0], random_word[0]) < clean[0] - 0.03
assert not GRAMMAR or (clean - own_word)[3:].mean() < 0.5 * (clean - own_word)[0]

# %% [markdown]
# One wrong word alone sets off no avalanche. (Whether several in a row do, the BLEU below bounds.)
# The very next token suffers badly; a few tokens later the model is nearly as good as if nothing
# had happened. He et al. (2021) found the same in language models and call it **self-recovery**.
# Its own mistakes are not special either: a random word does about as much harm.
#
# And not all of that harm is the model's fault. After another word another word is right: who has
# written "a" should not go on with "apple", whatever the reference says.
#
# How much is at stake in all? In a search *all* words are the model's own. Compare the greedy
# translations with what the forced model says, each token from a prefix without a mistake. To cure
# exposure bias could hardly gain more than that:

# %% tags=["nbval-ignore-output"]
references = [english for _, english in test]
reads_itself = evaluation.score(texts(tokens), references)["bleu"]
ended = np.cumsum(reference == END, axis=1) - (reference == END) > 0
reads_reference = evaluation.score(texts(np.where(ended, PADDING, forced)), references)["bleu"]
print(f"BLEU, reading its own words: {reads_itself:.1f}, the reference: {reads_reference:.1f}")
assert not GRAMMAR or -1 < reads_reference - reads_itself < 10

# %% [markdown]
# The difference is what exposure bias can have cost here. It is not the reason why this model is
# bad. (One cure is to let the decoder read some of its own words in training, **scheduled
# sampling** by Bengio et al. (2015), in the package `models.ScheduledSampling`.)
#
# ## Summary
#
# - A **search** looks for the most probable target. It plays no part in the training.
# - **Greedy** search takes the best token, and never takes it back. A **beam** keeps $K$ prefixes;
#   a beam of one is greedy.
# - A **search error** missed something more probable; a **model error** is probable and wrong. A
#   reference that scores higher proves the first, and a result above $1/K$ excludes it.
# - A **wider beam** finds more probable targets. Ranked by probability they become shorter, and
#   worse. A **length penalty** ranks by the mean of a token and mends that.
# - An **n-best list** holds near copies; **samples** differ more, and are worse one by one.
#   **Temperature**, **top-k** and **top-p** set how much.
# - **Exposure bias** acts only after the first mistake. What one wrong word does fades within a few
#   tokens.
#
# ## Exercises
#
# **1.** From which length penalty on does a beam of three return "the dog sleeps" on the table?
# Compute it, then test it with `search_table(Beam(3, length_penalty=a))` a little below and a
# little above.

# %% tags=["solution"]
# Solution 1
empty, full = ranked[:2]
a_least = float(np.log(s(full) / s(empty)) / np.log(len(full) / len(empty)))
print(f"a = {a_least:.3f}")
for a, expected in ((a_least - 0.01, empty), (a_least + 0.01, full)):
    assert search_table(Beam(3, length_penalty=a))[0][1] == expected

# %% [markdown]
# **2.** Search exactly, without listing everything: depth first, the most probable word before the
# others, and drop each prefix that does not score above the best target so far. (A prefix scores at
# least as high as all that begins with it.) How many prefixes does it read on the table?


# %% tags=["solution"]
# Solution 2
def exact(log_p, limit):
    best, number, stack = (-np.inf, ()), 0, [(0.0, (BEGIN,))]
    while stack:
        score, y = stack.pop()
        if score <= best[0]:
            continue
        if y[-1] == END or len(y) > limit:
            best = score, y[1:]
            continue
        number += 1
        row = log_p(np.array([y]))[0]
        stack += [(score + row[w], (*y, int(w))) for w in np.argsort(row)]
    return best, number


(best, y), number = exact(table_log_p, LIMIT)
print(f"{number} prefixes read, for {len(all_targets)} targets")
assert y == ranked[0] and np.isclose(best, s(y))

# %% [markdown]
# **3.** With $a = 0$, and if only the best target is wanted, a beam search can stop as soon as no
# prefix in the beam scores above what is finished. Write that from `beam_steps`. Does it always
# find the same, and where does it save a step?


# %% tags=["solution"]
# Solution 3
# It always finds the same: what grows longer never scores higher, so nothing in the beam can still
# beat what is finished. It saves steps where a good target ends early.
def stops_soon(log_p, K, limit):
    best = -np.inf, ()
    for i, (C, s_C, done, going) in enumerate(beam_steps(log_p, K, limit), start=1):
        best = max([best, *((s_C[c], tuple(map(int, C[c, 1:]))) for c in done)])
        if not len(going) or s_C[going[0]] <= best[0]:
            return best, i


for K in (1, 2, 3, 4):
    best, steps_taken = stops_soon(table_log_p, K, LIMIT)
    all_steps = len([*beam_steps(table_log_p, K, LIMIT)])
    print(f"K = {K}: {steps_taken} of {all_steps} steps")
    assert best == beam_search(table_log_p, K, LIMIT)[0]
assert stops_soon(log_p, 4, limit)[0] == beam_search(log_p, 4, limit)[0]

# %% [markdown]
# ## Papers
#
# - Stahlberg and Byrne (2019), *On NMT Search Errors and Model Errors: Cat Got Your Tongue?*:
#   <https://aclanthology.org/D19-1331>
# - Wu et al. (2016), *Google's Neural Machine Translation System*:
#   <https://arxiv.org/abs/1609.08144>
# - Holtzman et al. (2020), *The Curious Case of Neural Text Degeneration*:
#   <https://arxiv.org/abs/1904.09751>
# - Bengio et al. (2015), *Scheduled Sampling for Sequence Prediction with Recurrent Neural
#   Networks*:
#   <https://arxiv.org/abs/1506.03099>
# - He et al. (2021), *Exposure Bias versus Self-Recovery*:
#   <https://arxiv.org/abs/1905.10617>
#
# ## What comes next
#
# Every step of these searches waits for the one before, and so does every step of the encoder and
# of the training. Lesson 5 throws the recurrence away: the **Transformer**. No step of its training
# waits for the one before. Its search's still do.
