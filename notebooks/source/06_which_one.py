# %% [markdown]
# # 6. Which one, and why
#
# Lessons 2, 3 and 5 built three translators: one with a context of fixed size, one with attention,
# one without recurrence. Which of them should you use? This lesson trains nothing. It reads what
# was measured of four **reference models**, and asks of every number how far it can be trusted.
#
# **Objectives.** After this lesson you can
# - say what a BLEU is worth without its signature, and read a signature;
# - put an interval around a score, by hand, and say what the interval leaves out;
# - compare two systems on the same sentences, and not by two separate intervals;
# - tell from curves where a context of fixed size fails, and where quadratic cost begins;
# - choose a model for a purpose, and say what you paid for it.
#
# **What you need:** lessons 2, 3 and 5 for the models, lesson 4 for beam search.

# %%
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sacrebleu.metrics import BLEU

from s2s_keras import evaluation, export, models
from s2s_keras.corpora import load_corpus
from s2s_keras.lessons import show

CORPUS = "grammar"  # or "multi30k" or "tatoeba": where the made-up systems below come from
SEED = 0
random = np.random.default_rng(SEED)

# %% [markdown]
# ## The models
#
# All four were trained on the captions of Multi30k, each by one command from a file in `recipes/`.
# What the commands measured is kept beside the exported models, and collected in one file.

# %%
data = json.loads(Path("results.json").read_text())
reference = data["models"]
for name, model in reference.items():
    print(f"{name:20} {model['weights']:9,} weights, {len(model['seeds'])} seed(s)")
assert {"de-en-gru", "de-en-gru-attention", "de-en-transformer"} <= set(reference)

# %% [markdown]
# Where are the weights? The recipe of a model is its architecture, so we can build it and count.
# The **embedding** has one row for each subword; with the softmax tied to it, it is the largest
# part of a small model, whatever stands above it.


# %%
def parts(name):
    recipe = f"../recipes/{name}.toml"
    model = models.build_preset(recipe, reference_vocabulary(name))
    return {
        "embedding": model.source_embedding.count_params(),
        "encoder": model.encoder.count_params(),
        "decoder": model.decoder.count_params(),
        "all": model.count_params(),
    }


def reference_vocabulary(name):
    text = Path(f"../recipes/{name}.toml").read_text()
    (line,) = (line for line in text.splitlines() if line.startswith("vocab_size"))
    return int(line.split("=")[1])


# %%
counts = {name: parts(name) for name in reference}
for name, count in counts.items():
    print(name, count)
    assert count["all"] == reference[name]["weights"]

# %%
figure, axes = plt.subplots(figsize=(7, 2.6))
left = np.zeros(len(counts))
for part, grey in (("embedding", "0.8"), ("encoder", "0.5"), ("decoder", "0.2")):
    widths = np.array([count[part] for count in counts.values()])
    axes.barh(list(counts), widths, left=left, color=grey, edgecolor="white", label=part)
    left += widths
axes.set(xlabel="weights")
axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=3)
show(
    figure,
    alt="Weights of the four reference models in three parts. In each of them the embedding is "
    "about half of all.",
)
assert all(count["embedding"] > 0.3 * count["all"] for count in counts.values())

# %% [markdown]
# ## A score has a signature
#
# **Why.** BLEU counts words and word sequences that translation and reference share. What a word is
# depends on how text is split, and whether "A" equals "a" is a choice. So one translation has many
# BLEUs. The **signature** says which one a number is.

# %%
split = "test_2016_flickr"
for name, model in reference.items():
    found = model["splits"][split]
    print(f"{name:20} {found['bleu']:.2f}  {found['bleu_lowercase_moses']:.2f}")

# %%
found = reference["de-en-transformer"]["splits"][split]
print("left: ", found["signature"])
print("right:", found["lowercase_moses_signature"])
assert found["signature"] != found["lowercase_moses_signature"]

# %% [markdown]
# Left and right are the same translations. `case:mixed` keeps capitals, `case:lc` does not;
# `tok:13a` is sacreBLEU's own way to split words, `tok:none` leaves that to somebody else, here to
# Moses's rules.
#
# **Often said, and wrong: this paper's BLEU is higher than that one's, so its model is better.**
# Only for equal signatures. The difference between the columns is as large as many a paper's
# progress:

# %%
gaps = [
    model["splits"][split]["bleu_lowercase_moses"] - model["splits"][split]["bleu"]
    for model in reference.values()
]
print([f"{gap:+.2f}" for gap in gaps])
assert max(np.abs(gaps)) > 0.3

# %% [markdown]
# ## How sure is a score?
#
# **Why.** A test set is a thousand sentences that somebody happened to choose. Another thousand of
# the same kind would give another BLEU. How much another? We cannot ask for a new test set, but we
# can draw one from the old: a thousand sentences *with replacement*, so that some come twice and
# some not at all. That is the **bootstrap** (Koehn 2004).
#
# $$B_r = \mathrm{BLEU}\left(\{(y_i, \hat{y}_i) : i \in I_r\}\right) \qquad
# I_r = (i_1, \ldots, i_n), \quad i_k \sim \mathrm{Uniform}\{1, \ldots, n\}$$
#
# | symbol | what it is | in the code |
# | --- | --- | --- |
# | $y_i, \hat{y}_i$ | reference and translation of sentence i | `references`, `system` |
# | $n$ | sentences in the test set | `len(references)` |
# | $I_r$ | the sentences drawn for test set r | `rows` |
# | $B_r$ | the BLEU of test set r | `bootstrap` |
#
# Two systems, made up: both repeat the reference and drop words. The other one drops the same words
# and a few more, as systems do that find the same sentences hard.

# %%
references = [target for _, target in load_corpus(CORPUS, "de", "en").split("test")][:500]
luck = [random.random(len(reference.split())) for reference in references]


def dropping(share):
    pairs = zip(references, luck, strict=True)
    kept = [np.array(reference.split())[each > share] for reference, each in pairs]
    return [" ".join(words) for words in kept]


systems = {"one": dropping(0.100), "other": dropping(0.108)}
print(systems["one"][0])

# %% [markdown]
# BLEU is a function of a few counts that add up over sentences: k-grams that match, k-grams that
# there are, and lengths. So we count once, and a drawn test set is a sum of rows.


# %%
def counts_of(system):
    bleu = BLEU(effective_order=True)
    found = [bleu.sentence_score(*pair) for pair in zip(system, zip(references), strict=True)]
    return np.array([[each.sys_len, each.ref_len, *each.counts, *each.totals] for each in found])


statistics = {name: counts_of(system) for name, system in systems.items()}
print(statistics["one"].shape)
print(statistics["one"][0])
assert statistics["one"].shape == (len(references), 2 + 4 + 4)

# %% [markdown]
# $$\mathrm{BLEU} = 100 \cdot \min\left(1, e^{1 - r/c}\right) \cdot
# \exp\left(\tfrac{1}{4} \sum_{k=1}^{4} \ln p_k\right)$$
#
# | symbol | what it is | in the code |
# | --- | --- | --- |
# | $p_k$ | share of the translations' k-grams that the references have | `right / made` |
# | $c, r$ | words in all translations, in all references | `length`, `reference_length` |


# %%
def bleu_of(rows):
    length, reference_length, *ngrams = rows.sum(axis=0)
    right, made = np.array(ngrams).reshape(2, 4)
    brevity = min(1.0, np.exp(1 - reference_length / length))
    return 100 * brevity * np.exp(np.log(right / made).mean())


# %%
for name, system in systems.items():
    by_hand, packaged = bleu_of(statistics[name]), evaluation.score(system, references)["bleu"]
    print(f"{name}: {by_hand:.2f}")
    assert np.isclose(by_hand, packaged)

# %% [markdown]
# Now the test sets. The same draws serve both systems; that will matter.

# %%
TEST_SETS = 1000
drawn = random.integers(len(references), size=(TEST_SETS, len(references)))
bootstrap = {
    name: np.array([bleu_of(each[rows]) for rows in drawn]) for name, each in statistics.items()
}
low, high = np.percentile(bootstrap["one"], [2.5, 97.5])
print(f"one: 95 % of the test sets between {low:.2f} and {high:.2f}")

# %%
packaged = evaluation.bleu_interval(systems["one"], references)
print(f"half of that: {(high - low) / 2:.2f}, packaged: {packaged:.2f}")
assert abs((high - low) / 2 - packaged) < 0.15 * packaged

# %% [markdown]
# ## Compare on the same sentences
#
# **Often said, and wrong: the intervals overlap, so there is no difference.** Hard sentences are
# hard for both systems. On a drawn test set that is hard, both scores fall together, and the
# *difference* moves far less than either.

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.8))
for (name, values), hatch in zip(bootstrap.items(), ("", "///"), strict=True):
    left.hist(values, bins=30, alpha=0.5, hatch=hatch, edgecolor="0.2", label=name)
left.set(xlabel="BLEU", ylabel="test sets")
left.legend()
difference = bootstrap["one"] - bootstrap["other"]
right.hist(difference, bins=30, color="0.6", edgecolor="0.2")
right.axvline(0, color="black", linestyle="--")
right.set(xlabel="BLEU of one less BLEU of the other")
show(
    figure,
    alt="Left, the scores of two systems over a thousand drawn test sets, two heaps that overlap. "
    "Right, their difference on each test set, a heap almost wholly above zero.",
)

# %%
wins = (difference > 0).mean()
print(f"one is better in {wins:.1%} of the test sets")
overlap = np.percentile(bootstrap["other"], 97.5) > np.percentile(bootstrap["one"], 2.5)
assert CORPUS != "grammar" or (overlap and wins > 0.95)

# %% [markdown]
# That is the **paired** bootstrap. `sacrebleu --paired-bs` does it for files.
#
# What no bootstrap tells: how the score would move with another **seed**. A second training of the
# same recipe starts from other weights and sees other batches. For that there is one way, training
# again. The table says what stands behind its ±:

# %%
print(f"{'model':20} {'BLEU':>6}   ±      what ± is")
for name, model in reference.items():
    found = model["splits"][split]
    print(
        f"{name:20} {found['bleu']:6.2f} ± {found['plus_minus']:.2f}   {found['plus_minus_is']}, "
        f"{len(model['seeds'])} seed(s)"
    )

# %% [markdown]
# ## Where the fixed context fails
#
# Three models translate from German. Their scores by the source's length, on the test set, and on
# the same sentences joined by twos and fours. No model has seen a source of two sentences in
# training; here only the lengths are long, the language is not harder.

# %%
study = data["study"]["models"]
german = ("de-en-gru", "de-en-gru-attention", "de-en-transformer")
sets = list(study["de-en-gru"]["sets"])
for name in german:
    print(f"{name:20}", *(f"{study[name]['sets'][each]['bleu']:6.2f}" for each in sets))
assert study["de-en-gru"]["sets"][sets[0]]["bleu"] < min(
    study[name]["sets"][sets[0]]["bleu"] for name in german[1:]
)


# %% tags=["cover"]
curves = {name: study[name]["sets"][sets[0]]["by_length"] for name in german}
show(
    evaluation.length_figure(curves),
    alt="BLEU by the number of words in the source, one curve a model. The fixed context is lowest "
    "everywhere. Below, how many sentences each point rests on.",
)

# %%
curves = {name: study[name]["sets"][sets[-1]]["by_length"] for name in german}
show(
    evaluation.length_figure(curves),
    alt="The same for four sentences joined into one. All models lose; the fixed context loses "
    "most.",
)

# %% [markdown]
# A share, and not a difference, says who loses most: what is left of each model's score when four
# sentences come at once?

# %%
left_over = {
    name: study[name]["sets"][sets[-1]]["bleu"] / study[name]["sets"][sets[0]]["bleu"]
    for name in german
}
for name, share in left_over.items():
    print(f"{name:20} keeps {share:.0%}")
assert min(left_over, key=left_over.get) == "de-en-gru"

# %% [markdown]
# Which words are lost? The share of words that are right, by where in the sentence they stand:

# %%
figure, panels = plt.subplots(1, 2, figsize=(8, 3), sharey=True)
for axes, name_of_set in zip(panels, (sets[0], sets[-1]), strict=True):
    for name in german:
        rows = study[name]["sets"][name_of_set]["by_position"]
        places = [(row["first"] + row["last"]) / 2 for row in rows]
        axes.plot(places, [row["right"] for row in rows], label=name.removeprefix("de-en-"))
    axes.set(title=name_of_set, xlabel="place in the sentence, from 0 to 1", ylim=(0, 1))
panels[0].set_ylabel("share of words right")
panels[0].legend()
show(
    figure,
    alt="Share of words right by place, for single sentences and for four joined. For four joined "
    "the curve of the fixed context falls after the first sentence.",
)

# %% [markdown]
# ## What training costs
#
# The models' learning curves, by minutes on the same processor. `minutes` include validation.

# %%
figure, axes = plt.subplots(figsize=(6, 3))
for name in german:
    curve = reference[name]["learning_curve"]
    axes.plot(
        [row["minutes"] for row in curve],
        [row["val_bleu"] for row in curve],
        markevery=3,
        label=name.removeprefix("de-en-"),
    )
axes.set(xlabel="minutes", ylabel="validation BLEU, greedy")
axes.legend()
show(
    figure, alt="Validation BLEU by minutes of training, one curve a model. All rise steeply first."
)

# %%
for name in german:
    model = reference[name]
    print(f"{name:20} {model['minutes']:4.0f} minutes, {', '.join(model['hardware'])}")

# %% [markdown]
# Captions are short. What if sources are long? An update was timed, and its memory measured, for
# encoders of equal width and sources of 32 to 1,024 tokens:

# %%
lengths = data["lengths"]


def against_length(axes, rows, value, factor):
    for name in dict.fromkeys(row["model"] for row in rows):
        of_model = [row for row in rows if row["model"] == name]
        axes.loglog(
            [row["length"] for row in of_model],
            [row[value] * factor for row in of_model],
            base=2,
            label=name,
        )


# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
against_length(left, lengths["training"], "seconds", 1)
left.set(xlabel="source tokens", ylabel="seconds an update")
against_length(right, lengths["training"], "memory_bytes", 1e-9)
right.set(xlabel="source tokens", ylabel="GB of memory at most")
right.legend(fontsize=8)
show(
    figure,
    alt="Time and memory of an update by source length, on logarithmic scales. The Transformer is "
    "cheapest at short lengths and grows fastest, in memory most of all.",
)


# %%
def growth(name, value, kind="training"):
    rows = {row["length"]: row[value] for row in lengths[kind] if row["model"] == name}
    return rows[1024] / rows[512]


for name in ("recurrent", "transformer"):
    time, memory = (growth(name, value) for value in ("seconds", "memory_bytes"))
    print(f"{name:12} from 512 to 1,024 tokens: {time:.1f} times the time, {memory:.1f} the memory")
assert growth("transformer", "seconds") > growth("recurrent", "seconds")
assert growth("transformer", "memory_bytes") > 2

# %% [markdown]
# Twice the tokens are twice the work for a recurrence. Attention from every token to every token is
# four times the work, and what the gradient needs of it is kept in memory. At 32 tokens nothing of
# this is seen: there the Transformer's few large products win.
#
# ## What decoding costs
#
# **Often said, and wrong: the Transformer is parallel, so it translates faster.** It *trains* in
# parallel. A translation is written one token after another by every model, and the Transformer's
# step reads a cache that grows (lesson 5).

# %%
figure, axes = plt.subplots(figsize=(5.5, 3))
against_length(axes, lengths["decoding"], "seconds", 1)
axes.set(xlabel="target tokens", ylabel="seconds a sentence")
axes.legend()
show(
    figure,
    alt="Time to write a sentence by its length, on logarithmic scales: two lines that rise in "
    "proportion to length, the Transformer's above the recurrent model's.",
)

# %%
per_token = {
    name: [
        1000 * row["seconds"] / row["length"] for row in lengths["decoding"] if row["model"] == name
    ]
    for name in ("recurrent, additive", "transformer")
}
for name, milliseconds in per_token.items():
    print(f"{name:20}", *(f"{each:.2f}" for each in milliseconds), "ms a token")
assert np.mean(per_token["transformer"]) > np.mean(per_token["recurrent, additive"])

# %% [markdown]
# ## Hear them yourself
#
# Three of the models are in the repository, exported as lesson 7 explains. They need no training
# and no network.

# %%
SENTENCES = [
    "Ein kleiner Hund läuft über eine Wiese.",
    "Zwei Männer in roten Jacken reparieren ein Dach, während eine Frau ihnen von unten zusieht.",
]
for name in ("de-en-gru-attention", "de-en-transformer"):
    translator = export.load(f"../saved_models/{name}").translator
    for translation in translator.translate(SENTENCES):
        print(f"{name:20} {translation.text}")

# %% [markdown]
# ## Which one, then
#
# The table holds what was found, and what each line costs.

# %%
print(f"{'':20} {'BLEU':>6} {'four joined':>12} {'weights':>10} {'minutes':>8}")
for name in german:
    model = reference[name]
    print(
        f"{name:20} {model['splits'][split]['bleu']:6.2f} "
        f"{study[name]['sets'][sets[-1]]['bleu']:12.2f} {model['weights']:10,} "
        f"{model['minutes']:8.0f}"
    )

# %% [markdown]
# - A **context of fixed size** has no purpose left but to teach what attention is for.
# - A **GRU with attention** writes a token at less cost and holds no cache: for a small device, for
#   long targets, for streams.
# - A **Transformer** learns more from the same minutes on short and middle lengths, and more yet
#   from more processors. For sources of thousands of tokens its square has to be paid or avoided.
# - All three carry the same **vocabulary**: in a small model that is where the weights are.
#
# ## Summary
#
# - A BLEU without its **signature** is no number to compare.
# - An **interval** says how far the choice of test sentences moves a score; only **seeds** say how
#   far training does.
# - Two systems are compared on the **same** sentences: the difference is surer than either score.
# - **Length** tells models apart that a mean keeps together, in quality and in cost.
#
# ## Exercises
#
# **1.** A test set of 100 sentences: by what factor does the interval of system `one` grow? Measure
# it with `statistics["one"][:100]`. What would you expect of an error that falls with the square
# root of the number of sentences?

# %% tags=["solution"]
# Solution 1
few = statistics["one"][:100]
drawn_few = random.integers(100, size=(TEST_SETS, 100))
narrow, wide = (
    np.subtract(*np.percentile(values, [97.5, 2.5]))
    for values in (bootstrap["one"], [bleu_of(few[rows]) for rows in drawn_few])
)
print(
    f"{wide / narrow:.1f} times as wide; the square root of {len(references) / 100:g} is", end=" "
)
print(f"{(len(references) / 100) ** 0.5:.1f}")
assert 1.3 < wide / narrow < 3.5

# %% [markdown]
# **2.** Which of the models reached 90 % of its best validation BLEU first, in minutes? Read it
# from `learning_curve`.

# %% tags=["solution"]
# Solution 2
for name in german:
    curve = reference[name]["learning_curve"]
    enough = 0.9 * max(row["val_bleu"] for row in curve)
    minutes = next(row["minutes"] for row in curve if row["val_bleu"] >= enough)
    print(f"{name:20} {minutes:.0f} minutes")
    assert minutes < reference[name]["minutes"]

# %% [markdown]
# **3.** The vocabulary of `de-en-transformer` is halved, and nothing else is changed. How many
# weights has it then? Compute it from `counts`, then build it.

# %% tags=["solution"]
# Solution 3
name = "de-en-transformer"
size = reference_vocabulary(name)
expected = counts[name]["all"] - counts[name]["embedding"] // 2
built = models.build_preset(f"../recipes/{name}.toml", size // 2).count_params()
print(f"expected {expected:,}, built {built:,}")
assert abs(expected - built) <= size

# %% [markdown]
# ## What comes next
#
# A model that stands in a folder helps nobody yet. Lesson 7 puts it behind a **server**, lesson 8
# into a **phone** and a **web page**.
