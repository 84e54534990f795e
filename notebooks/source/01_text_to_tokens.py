# %% [markdown]
# # 1. Text to tokens
#
# A neural network computes with numbers; a translator is given text. This lesson is the way from
# one to the other, and back.
#
# **Objectives.** Afterwards you can
#
# - say what a string is made of, and why two strings that look the same can differ;
# - choose between words, bytes and subwords, and learn a subword vocabulary by hand;
# - turn a sentence into ids and back without losing a character;
# - put sentences of different lengths into one array, and keep the filling out of every result;
# - say which sentence the decoder reads while it learns, and which one it is asked for.
#
# **Before.** You know Python, NumPy arrays and Keras's `Embedding` layer. Nothing else is needed.

# %%
import re
import unicodedata
from collections import Counter
from itertools import pairwise

import keras
import matplotlib.pyplot as plt
import numpy as np

from s2s_keras.corpora import load_corpus
from s2s_keras.layers import TokenEmbedding
from s2s_keras.lessons import show
from s2s_keras.pipeline import Batches, tokenize_pairs
from s2s_keras.special_ids import BEGIN, END, PADDING
from s2s_keras.tokenizer import Tokenizer

CORPUS = "grammar"  # or "multi30k" or "tatoeba"
SEED = 0
keras.utils.set_random_seed(SEED)
np.set_printoptions(linewidth=90)

# %% [markdown]
# ## 1. The text
#
# To learn to translate, a model needs sentences with their translations: a *parallel corpus*. Ours
# is called `grammar`. A small program made it, from a few hundred words and rules of German and
# English, so it needs no download. Each item is a pair: the *source* is German, the *target*
# English.

# %%
corpus = load_corpus(CORPUS, "de", "en")
train = corpus.split("train")[:20_000]
validation = corpus.split("validation")
print(len(train), "pairs to learn from,", len(validation), "to check with")
for german, english in train[3:6]:
    print(f"{german}\n    {english}")

# %% [markdown]
# ## 2. What a string is made of
#
# A Python string is a row of *code points*: numbers that the Unicode standard gives to the
# characters of all scripts. On disk and in a network it is a row of *bytes*. The usual encoding,
# UTF-8, takes one byte for a code point of English, and two to four for others.

# %%
for character in "eéß€":
    print(character, f"U+{ord(character):04X}", unicodedata.name(character), character.encode())

# %% [markdown]
# ### Often said, and wrong: "what looks the same is the same"
#
# There are two ways to write *é*: as one code point, or as an *e* with a second code point after
# it, an accent that is drawn over it. On the screen nobody can tell them apart. A program can.

# %%
composed, decomposed = "caf\u00e9", "cafe\u0301"
for text in (composed, decomposed):
    print(text, "code points:", len(text), " bytes:", len(text.encode()))
assert composed != decomposed

# %% [markdown]
# A *normal form* chooses one of the ways. NFC puts together what can be put together, NFD takes it
# apart. Both keep the meaning. NFKC goes further, and replaces what it takes for mere style. Many
# tokenizers apply it without asking:

# %%
assert unicodedata.normalize("NFC", decomposed) == composed
assert unicodedata.normalize("NFD", composed) == decomposed
print(unicodedata.normalize("NFKC", "10² m"))

# %% [markdown]
# A hundred metres have become a hundred and two. What a translator does not get to see, it cannot
# translate. So the tokenizer of part 6 changes nothing: it gives back, bit for bit, what it was
# given.
#
# ## 3. Words or bytes?
#
# A *token* is one unit of text as the model sees it. The set of all tokens is the *vocabulary*, and
# a token's place in it is its *id*. What should a token be? First idea: a word. We cut a sentence
# into words and punctuation. The space before a word is kept, written as `▁`, so that nothing is
# lost.


# %%
def words_of(text):
    return re.findall(r"▁?\w+|\W", "▁" + text.replace(" ", "▁"))


print(words_of("Er hat heute keinen Hund gesehen, weil es regnet."))

# %% [markdown]
# Words make short sequences. But each needs an id, and with it a row in the embedding table and
# another in the matrix that scores the next token. New words come up for ever: on a new text, some
# are always *unknown*.

# %%
counts = Counter(word for pair in train for text in pair for word in words_of(text))
unseen = [word for pair in validation for text in pair for word in words_of(text)]
print(len(counts), "different words")
for size in (500, 1000, 2000, len(counts)):
    known = {word for word, _ in counts.most_common(size)}
    unknown = sum(word not in known for word in unseen) / len(unseen)
    print(f"with the {size} most frequent, {unknown:6.2%} of the words are unknown")

# %% [markdown]
# The last line flatters: our corpus was made from a closed list of words. Real text never is: run
# this with another `CORPUS`, and see the last line.
#
# Second idea: a byte. There are only 256, and no text is ever unknown. But the sequences are long.
# A model would spend its strength on spelling, and its work grows with the length, or, for
# attention (lesson 3), with its square.

# %%
sentence = "Der Gärtner hat den sauberen Schal getragen, weil er warm war."
print(len(words_of(sentence)), "words,", len(sentence.encode()), "bytes")

# %% [markdown]
# ## 4. Between the two: byte-pair encoding, by hand
#
# A *subword* is a piece of a word: frequent words stay whole, rare ones are spelled from parts.
# Which parts? Byte-pair encoding (BPE, [Sennrich et al. 2016](https://aclanthology.org/P16-1162))
# lets the corpus decide. It starts with single characters. Then, again and again, it joins the two
# neighbours that stand together most often:
#
# $$(a, b)^* = \arg\max_{(a, b)} \sum_{w} n_w \, c_w(a, b)$$
#
# | symbol | meaning | in the code |
# | --- | --- | --- |
# | $w$ | a word, as a row of pieces | `w` |
# | $n_w$ | how often the corpus has it | `n[w]` |
# | $c_w(a, b)$ | how often piece $b$ follows piece $a$ in $w$ | counted by `pairwise` |
# | $(a, b)^*$ | the pair that is joined next | `best` |
#
# First the sum:


# %%
def count_pairs(n):
    pairs = Counter()
    for w in n:
        for a, b in pairwise(w):
            pairs[a, b] += n[w]
    return pairs


n = {tuple("hund"): 5, tuple("hunde"): 3, tuple("wunde"): 2, tuple("rund"): 1}
print(count_pairs(n).most_common(4))


# %% [markdown]
# Then the join. It goes through a word once, and appends each piece to the one before it if these
# two are the pair:


# %%
def join(w, pair):
    pieces = []
    for piece in w:
        if pieces and (pieces[-1], piece) == pair:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return tuple(pieces)


print(join(tuple("hunde"), ("u", "n")))

# %% [markdown]
# Learning repeats the two. Where two pairs are equally frequent, we take the shorter one, and of
# those the first in the alphabet. Any fixed rule would do; this one is the library's below.


# %%
def learn(n, merges):
    for _ in range(merges):
        pairs = count_pairs(n)
        best = min(pairs, key=lambda pair: (-pairs[pair], len("".join(pair)), "".join(pair)))
        n = {join(w, best): n[w] for w in n}
        yield "".join(best), list(n)


for piece, words in learn(n, 3):
    print(f"{piece:5}", *[" ".join(w) for w in words], sep="   ")

# %% [markdown]
# After three joins *hund* is one piece, *hunde* is *hund* with an ending, and *rund* is an *r* in
# front of what it shares with *hund*. Nobody told the program about stems and endings.
#
# ## 5. The same, with a library
#
# The packaged `Tokenizer` wraps [SentencePiece](https://github.com/google/sentencepiece), which
# does the same in C++, for both languages at once. `vocabulary_size` says when to stop. If it is
# the same, its first pieces must be ours:

# %%
texts = [text for pair in train for text in pair]
tokenizer = Tokenizer.train(texts, vocabulary_size=2000)

n = {tuple(word): count for word, count in counts.items()}
by_hand = [piece for piece, _ in learn(n, 40)]
by_library = tokenizer.pieces(range(260, 300))
assert by_hand == by_library
print(*by_library)

# %% [markdown]
# A new word is cut by replaying the joins, in the order in which they were learned. (The single
# characters, from which learning began, have the last ids of all.)
#
# Why from id 260 on? Two groups come before the learned pieces. Ids 4 to 259 are the 256 bytes.
# They stand in for any character that the vocabulary lacks, so nothing is unknown. And ids 0 to 3
# stand for no text at all:
#
# | id | name | use |
# | --- | --- | --- |
# | 0 | `PADDING` | fills a short row of an array (part 7) |
# | 1 | `UNKNOWN` | never given, thanks to the bytes |
# | 2 | `BEGIN` | the decoder's first input (part 9) |
# | 3 | `END` | closes each sentence; the model says it when it is done |
#
# `tokenize` gives a *ragged* tensor, whose rows have lengths of their own. `to_list()` makes lists
# of it, `flat_values` is all rows in one.

# %%
print(tokenizer.pieces([0, 1, 2, 3, 4, 259, 260, 1999]))
(ids,) = tokenizer.tokenize(["Das Paket ist 5 € wert."]).to_list()
print(ids)
print(tokenizer.pieces(ids))

# %% [markdown]
# Our corpus has neither digits nor a euro sign. Their bytes take their place, one for the digit and
# three for the sign.
#
# ### A vocabulary seen growing
#
# Below, one sentence is cut by five vocabularies. The more pieces there are, the longer each is.


# %%
def draw_pieces(axes, row, pieces):
    style = {"size": 8, "ha": "center", "va": "center", "family": "monospace"}
    left = 0
    for index, piece in enumerate(pieces):
        grey = "0.92" if index % 2 else "0.75"
        axes.add_patch(plt.Rectangle((left, row), len(piece), 0.8, facecolor=grey))
        axes.text(left + len(piece) / 2, row + 0.4, piece, **style)
        left += len(piece)
    return left


# %%
sizes = (400, 600, 1000, 2000, 4000)
tokenizers = {size: Tokenizer.train(texts, size) for size in sizes}
figure, axes = plt.subplots(figsize=(9, 2))
for row, (size, each) in enumerate(tokenizers.items()):
    pieces = each.pieces(each.tokenize([sentence])[0])
    width = draw_pieces(axes, -row, pieces)
    axes.text(-1, -row + 0.4, f"{size} ids, {len(pieces)} tokens", size=8, ha="right", va="center")
axes.set(xlim=(0, width), ylim=(-len(sizes) + 1, 1))
axes.axis("off")
show(
    figure,
    "One sentence, cut by five vocabularies: the smallest spells it, the largest has its words.",
)

# %% [markdown]
# What does a larger vocabulary buy? The next figure gives the length of a sentence in tokens, and
# how long the pieces in the vocabulary are.

# %%
english = [text for _, text in validation]
lengths = [len(each.tokenize(english).flat_values) / len(english) for each in tokenizers.values()]
in_bytes = np.mean([len(text.encode()) for text in english])
in_words = np.mean([len(words_of(text)) for text in english])
for size, length in zip(sizes, lengths, strict=True):
    print(f"{size:5} ids: {length:.1f} tokens a sentence")
print(f"{in_bytes:.1f} bytes, {in_words:.1f} words")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3))
left.plot(sizes, lengths, label="subwords")
left.plot(256, in_bytes, marker="s", linestyle="", label="bytes")
left.plot(len(counts), in_words, marker="^", linestyle="", label="words")
left.set(xlabel="size of the vocabulary", ylabel="tokens a sentence", ylim=(0, None))
for size in (600, 1000, 4000):
    learned = tokenizers[size].pieces(range(260, size))
    right.plot(np.bincount([len(piece) for piece in learned]) / len(learned), label=f"{size} ids")
right.set(xlabel="characters in a piece", ylabel="share of the pieces")
left.legend()
right.legend()
show(
    figure,
    "Left: tokens a sentence, many with bytes, fewer with subwords the more of them there are, and "
    "as few as words in the end. Right: the larger the vocabulary, the longer its pieces.",
)

# %% [markdown]
# The curve falls from the bytes towards the words, and most of the gain comes early: the first
# thousand ids shorten a sentence far more than the next three thousand. Further ids buy less and
# less, and each still costs a row of every table, and is seen more seldom. Larger corpora carry
# larger vocabularies; 8,000 to 32,000 ids are usual.
#
# ## 6. There and back
#
# A tokenizer is *lossless* if `detokenize(tokenize(text)) == text` for every text. Many are not. We
# try ours on texts that break others: both spellings of *café*, two spaces, a foreign script, a
# superscript, and `▁` itself. (The tokenizer writes a real `▁` as bytes, so that no space is
# meant.)

# %%
difficult = [composed, decomposed, "two  spaces ", "γάτα", "10² m", "a ▁ in the text", ""]
ids = tokenizer.tokenize(difficult + texts)
back = [text.decode() for text in tokenizer.detokenize(ids).numpy()]
assert back == difficult + texts
for text, row in zip(difficult[:3], ids[:3].to_list(), strict=True):
    print(f"{text!r}: {row}")

# %% [markdown]
# Nothing is lost, so the two spellings of *café* also keep different ids. Exercise 1 comes back to
# that.
#
# ## 7. Padding and masks
#
# Sentences have different lengths, and an array has one width. So short rows are filled up, with id
# 0: this is *padding*. $x$ is the array, $x_{bt}$ the id at position $t$ of sentence $b$. Each
# sentence closes with `END`, id 3.


# %%
def pad(rows):
    x = np.full((len(rows), max(map(len, rows))), PADDING)
    for b, row in enumerate(rows):
        x[b, : len(row)] = row
    return x


pairs = tokenize_pairs(train, tokenizer)
x = pad(pairs.sources[3:7])
print(x)
assert x.shape == (4, max(len(row) for row in pairs.sources[3:7]))

# %% [markdown]
# Padding is there for the array's sake alone. It must change no result. Hence a second array, the
# *mask*, which says where the tokens are:
#
# $$m_{bt} = \begin{cases} 1 & \text{if } x_{bt} \neq 0 \\ 0 & \text{if } x_{bt} = 0 \end{cases}$$
#
# Keras carries it along by itself: an embedding layer makes it (Keras's own where it is told
# `mask_zero=True`), the layers behind it take heed of it. We call the packaged embedding on the
# batch, and compare.

# %%
m = x != PADDING
embedding = TokenEmbedding(tokenizer.vocabulary_size, 8)
e = embedding(x)
assert e.shape == (*x.shape, 8)
assert np.array_equal(embedding.compute_mask(x), m)
print("ids", x.shape, " embedded", e.shape, " mask", m.shape)

# %% tags=["cover"]
figure, (above, below) = plt.subplots(2, 1, figsize=(9, 3), sharex=True)
above.imshow(np.where(m, 0.15, 0.75), cmap="Greys", vmin=0, vmax=1, aspect="auto")
for b, t in np.argwhere(m):
    above.text(t, b, *tokenizer.pieces([x[b, t]]), size=7, ha="center", va="center")
below.imshow(m, cmap="Greys_r", vmin=0, vmax=1, aspect="auto")
above.set(title="tokens; padding is dark", yticks=range(4), ylabel="sentence $b$")
below.set(title="mask; 1 is white", yticks=range(4), ylabel="sentence $b$", xlabel="position $t$")
show(
    figure,
    "Four sentences as rows of tokens, the short ones filled up. Below, the mask: white where "
    "there is a token, black where there is padding.",
)

# %% [markdown]
# ### Often said, and wrong: "the zeros do no harm"
#
# Take the mean of a sentence's embedded tokens. With the mask it divides by the number of tokens:
#
# $$\bar{e}_b = \frac{\sum_t m_{bt} \, e_{bt}}{\sum_t m_{bt}}$$
#
# Without it, padding counts as if it were a word. We give the first sentence ten more zeros, and
# look which mean moves.


# %%
def means(x):
    m, e = np.expand_dims(x != PADDING, -1), np.array(embedding(x))
    return e.mean(axis=1), (m * e).sum(axis=1) / m.sum(axis=1)


wider = np.pad(x[:1], [(0, 0), (0, 10)])
(unmasked, masked), (unmasked_wider, masked_wider) = means(x[:1]), means(wider)
print("same mean without a mask:", np.allclose(unmasked, unmasked_wider))
print("same mean with a mask:   ", np.allclose(masked, masked_wider, atol=1e-6))
assert not np.allclose(unmasked, unmasked_wider)
assert np.allclose(masked, masked_wider, atol=1e-6)

# %% [markdown]
# A model without masks can give a sentence another translation when a longer one joins the batch.
# In this package it is a law, and tested for every layer: padding changes nothing.
#
# ## 8. Bucketing
#
# The mask keeps padding out of the results, but not out of the bill: it is multiplied and added
# like everything else. How much of it is there? We count over all batches of 64 sentences, drawn at
# random, source and target.


# %%
def share_of_padding(arrays):
    return sum((x == PADDING).sum() for x in arrays) / sum(x.size for x in arrays)


order = np.random.default_rng(SEED).permutation(len(pairs))
plain = [
    pad([side[index] for index in order[first : first + 64]])
    for side in (pairs.sources, pairs.targets)
    for first in range(0, len(pairs), 64)
]
print(f"{share_of_padding(plain):.1%} of the plain batches is padding")

# %% [markdown]
# *Bucketing* puts sentences of similar length into one batch. The packaged `Batches` sorts the
# pairs into buckets, and cuts each bucket into batches of about `batch_tokens` tokens, padding
# included: many short sentences, or few long ones. Which sentences meet, and in which order the
# batches come, is still drawn at random, anew in every epoch.

# %%
batches = Batches(pairs, batch_tokens=1024, seed=SEED)
bucketed = [side for inputs, _ in batches.in_order() for side in inputs.values()]
print(f"{share_of_padding(bucketed):.1%} of the bucketed batches is padding")
print("their widths:", *sorted({x.shape[1] for x in bucketed}))
assert np.isclose(1 - share_of_padding(bucketed), batches.real_share())
assert share_of_padding(bucketed) < share_of_padding(plain) / 2

# %%
short, long = (min(bucketed, key=lambda x: abs(x.shape[1] - width)) for width in (10, 24))
figure, axes = plt.subplots(1, 3, figsize=(9, 3))
titles = ("plain", "bucketed, short", "bucketed, long")
for panel, title, x in zip(axes, titles, (plain[0], short, long), strict=True):
    panel.imshow(x != PADDING, cmap="Greys", vmax=1.5, aspect="auto", interpolation="none")
    panel.set(title=title, xlabel="position", ylabel="sentence", xlim=(-0.5, 40))
show(
    figure,
    "Three batches, tokens dark and padding white: the plain one has a ragged edge, the two "
    "bucketed ones are filled almost to theirs.",
)

# %% [markdown]
# ## 9. The teacher-forcing shift
#
# A translation model gives the probability of a target $y$ for a source $x$, token by token, each
# from the ones before it:
#
# $$p(y \mid x) = \prod_{t=1}^{T} p(y_t \mid y_0, \dots, y_{t-1}, x), \qquad y_0 = \text{BEGIN}, \;
# y_T = \text{END}$$
#
# | symbol | meaning | in the code |
# | --- | --- | --- |
# | $x$ | the source's ids | `inputs["source"]` |
# | $y_{t-1}$ | what the decoder reads at position $t$ | `inputs["target"]` |
# | $y_t$ | what it is asked for there, the *label* | `labels` |
#
# The part of a model that writes the target is its **decoder** (lesson 2 builds one). In training
# we know the whole target. So the decoder is fed the correct tokens, whatever it would have said
# itself. That is *teacher forcing*. Both columns below are one sentence. (SentencePiece writes
# `BEGIN` as `<s>`, and `END` as `</s>`. `END` is only a label: behind it there is nothing to say.)

# %%
inputs, labels = batches.batch([4])
reads, asked = inputs["target"][0], labels[0]
for t in range(np.count_nonzero(asked)):
    print(
        f"{t + 1:2} reads {tokenizer.pieces(reads)[t]:12} is asked for {tokenizer.pieces(asked)[t]}"
    )

# %% [markdown]
# ### Often said, and wrong: "the decoder's input is the target shifted left"
#
# Look at the two columns. The labels are the sentence itself. The *input* is moved one place to the
# right, with `BEGIN` in the free place. So at each position the decoder has seen everything up to
# the token before the one that it is asked for. Shifted the other way it would read the token
# *after* it, which nobody knows when translating.

# %%
y = asked[asked != PADDING]
shifted = np.concatenate([[BEGIN], y[:-1]])
print("labels:       ", y)
print("shifted right:", shifted)
assert np.array_equal(shifted, reads[reads != PADDING])

# %% [markdown]
# ## Summary
#
# - A string is a row of code points; what looks the same may be two different rows.
# - Words are short sequences of many ids, some unknown; bytes are long sequences of few. Subwords
#   lie between, and the size of the vocabulary says where.
# - BPE joins the most frequent pair of neighbours, again and again. Ours joins first what
#   SentencePiece joins first.
# - With bytes to fall back on, any text becomes ids and comes back unchanged.
# - Padding fills arrays, masks keep it out of the results, bucketing keeps most of it out of the
#   bill.
# - The decoder reads the target shifted to the right, and is asked for the target.
#
# ## Exercises
#
# **1.** The two spellings of *café* have different ids. Write `same_ids(text)`, which gives the
# same ids for both. What do you pay for it?


# %% tags=["solution"]
# Solution 1
def same_ids(text):
    return tokenizer.tokenize([unicodedata.normalize("NFC", text)])[0].numpy().tolist()


assert same_ids(composed) == same_ids(decomposed)
# The price: whoever wrote the decomposed form gets the other one back.
assert tokenizer.detokenize([same_ids(decomposed)]).numpy()[0].decode() != decomposed

# %% [markdown]
# **2.** Learn a vocabulary of 2000 ids from the German texts alone. How many tokens does an English
# sentence take with it, compared with the shared vocabulary of the same size? Why?

# %% tags=["solution"]
# Solution 2
german_only = Tokenizer.train([german for german, _ in train], 2000)
own = len(german_only.tokenize(english).flat_values) / len(english)
shared = len(tokenizer.tokenize(english).flat_values) / len(english)
print(f"{own:.1f} tokens with German pieces, {shared:.1f} with shared ones")
# Its pieces are frequent in German; English words are spelled in bits.
assert own > 1.5 * shared

# %% [markdown]
# **3.** Give `shift_right(labels)`, which makes the decoder's input of a whole batch from its
# labels. Mind the rows that are shorter than the array: the decoder never reads `END`.


# %% tags=["solution"]
# Solution 3
def shift_right(labels):
    begin = np.full((len(labels), 1), BEGIN)
    shifted = np.concatenate([begin, labels[:, :-1]], axis=1)
    return np.where(shifted == END, PADDING, shifted)


for inputs, labels in batches.in_order():
    assert np.array_equal(shift_right(labels), inputs["target"])

# %% [markdown]
# ## What comes next
#
# Sentences are arrays of ids now, with masks. [Lesson 2](02_encoder_decoder.ipynb) builds the first
# model that reads one and writes another: an encoder, a decoder, and a training with teacher
# forcing.
