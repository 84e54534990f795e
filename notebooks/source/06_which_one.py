# %% [markdown]
# # 6. Which one, and why
#
# Lessons 2, 3 and 5 built three translators: one with a context of fixed size, one with attention,
# one without recurrence. Which of them should you use? This lesson trains nothing. It reads what
# was measured of the **reference models**, and asks of every number how far it can be trusted.
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
# All were trained on the 29,000 training captions of Multi30k, sentences of a dozen words that
# say what a photograph shows, in German and English. Each was made by one command from a file in
# `recipes/`, which names every setting:
#
# ```console
# $ s2s-keras reproduce recipes/de-en-transformer.toml --output runs/de-en-transformer
# ```
#
# What the commands measured is kept beside the exported models, and collected in one file.

# %%
data = json.loads(Path("results.json").read_text())
measured = data["models"]
for name, model in measured.items():
    print(f"{name:29} {model['weights']:9,} weights, {len(model['seeds'])} seed(s)")
german = ("de-en-gru", "de-en-gru-attention", "de-en-transformer")
assert set(german) <= set(measured)

# %% [markdown]
# `de-en-gru` has the context of fixed size, the next attention. Each reads and writes subwords of
# one table for both languages. Where are the weights? A recipe names the layers too, so we can
# build the model and count. The **embedding** has one row for each subword. Source, target and
# softmax share it, and still it is about two weights of five, or more.


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
counts = {name: parts(name) for name in measured}
for name, count in counts.items():
    print(f"{name:29} {reference_vocabulary(name):6,} subwords", count)
    assert count["all"] == measured[name]["weights"]

# %%
figure, axes = plt.subplots(figsize=(7, 2.6))
left = np.zeros(len(counts))
for part, grey in (("embedding", "0.8"), ("encoder", "0.5"), ("decoder", "0.2")):
    widths = np.array([count[part] / 1e6 for count in counts.values()])
    axes.barh(list(counts), widths, left=left, color=grey, edgecolor="white", label=part)
    left += widths
axes.invert_yaxis()
axes.set(xlabel="millions of weights")
axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=3)
show(
    figure,
    alt="Weights of the reference models in three parts. In each of them the embedding is "
    "about two fifths of all, or more.",
)
assert all(0.39 < count["embedding"] / count["all"] < 0.5 for count in counts.values())

# %% [markdown]
# ## A score has a signature
#
# **Why.** BLEU counts words, and sequences of up to four words, that translation and reference
# share. What a word is depends on how text is split, and whether "A" equals "a" is a choice. So one
# translation has many BLEUs. The **signature** says which one a number is.

# %%
split = "test_2016_flickr"
print(f"{'':20} left   right")
for name, model in measured.items():
    found = model["splits"][split]
    print(f"{name:20} {found['bleu']:.2f}  {found['bleu_lowercase_moses']:.2f}")

# %%
found = measured["de-en-transformer"]["splits"][split]
print("left: ", found["signature"])
print("right:", found["lowercase_moses_signature"])
assert found["signature"] != found["lowercase_moses_signature"]

# %% [markdown]
# Left and right are the same translations. `case:mixed` keeps capitals, `case:lc` does not;
# `tok:13a` is the way to split words of sacreBLEU, the library that computes BLEU here; `tok:none`
# leaves that to somebody else, here to the rules of Moses, an older translation system. `nrefs:1`
# means one reference a sentence; `eff:no`, sequences of four words count even where a text has
# fewer words; `smooth`, what stands in for a share of zero; `version` is sacreBLEU's.
#
# **Often said, and wrong: this paper's BLEU is higher than that one's, so its model is better.**
# Only for equal signatures, on the same test set, into the same language. So `en-de` is not to be
# compared with `de-en`: its references are German. Nor does a signature name the search: what is
# scored on a test set here was found with a beam of five (lesson 4), the validation scores further
# down with a greedy search. How far did the score move with nothing translated anew?

# %%
gaps = [
    model["splits"][split]["bleu_lowercase_moses"] - model["splits"][split]["bleu"]
    for model in measured.values()
]
print([f"{gap:+.2f}" for gap in gaps])
assert max(np.abs(gaps)) > 0.3

# %% [markdown]
# ## How sure is a score?
#
# **Why.** A test set is some hundreds of sentences, or a few thousand, that somebody happened to
# choose. Others of the same kind would give another BLEU. How much another? We cannot ask for a new
# test set, but we can draw one from the old, as many sentences *with replacement*, so that some
# come twice and some not at all; and then another, and another. That is the **bootstrap** (Koehn
# 2004).
#
# $$I_t = (i_1, \ldots, i_n), \quad \text{each} \sim \mathrm{Uniform}\{1, \ldots, n\}$$
#
# $$B_t = \mathrm{BLEU}\left((y_{i_1}, \hat{y}_{i_1}), \ldots, (y_{i_n}, \hat{y}_{i_n})\right)$$
#
# | symbol | what it is | in the code |
# | --- | --- | --- |
# | $y_i, \hat{y}_i$ | reference and translation of sentence i | `references`, `system` |
# | $n$ | sentences in the test set | `len(references)` |
# | $t$ | which of the drawn test sets | row of `drawn` |
# | $I_t$ | the sentences of test set t | `rows` |
# | $B_t$ | the BLEU of test set t | `bootstrap` |
#
# Two systems, made up so that all is in this notebook: both repeat the reference and drop words.
# System B drops the same words as A and a few more.

# %%
corpus = load_corpus(CORPUS, "de", "en")
references = [target for _, target in corpus.split(corpus.split_names[2])][:500]
luck = [random.random(len(reference.split())) for reference in references]


def dropping(share):
    pairs = zip(references, luck, strict=True)
    kept = [np.array(reference.split())[each > share] for reference, each in pairs]
    return [" ".join(words) for words in kept]


systems = {"A": dropping(0.100), "B": dropping(0.108)}
print(systems["A"][0])

# %% [markdown]
# BLEU is a function of a few counts that add up over sentences: k-grams (k words in a row) that are
# right, all k-grams that there are, and lengths. So we count once, and a drawn test set is a sum of
# rows. (`effective_order` lets the library score a single sentence of less than four words. The
# counts are the same without it.)


# %%
def counts_of(system):
    bleu = BLEU(effective_order=True)
    found = [bleu.sentence_score(*pair) for pair in zip(system, zip(references), strict=True)]
    return np.array([[each.sys_len, each.ref_len, *each.counts, *each.totals] for each in found])


statistics = {name: counts_of(system) for name, system in systems.items()}
print(statistics["A"].shape)
print(statistics["A"][0])
assert statistics["A"].shape == (len(references), 2 + 4 + 4)

# %% [markdown]
# $$\mathrm{BLEU} = 100 \cdot \min\left(1, e^{1 - r/c}\right) \cdot
# \exp\left(\tfrac{1}{4} \sum_{k=1}^{4} \ln p_k\right)$$
#
# | symbol | what it is | in the code |
# | --- | --- | --- |
# | $p_k$ | share of the translations' k-grams that are right | `right / made` |
# | $c, r$ | words in translations, in references | `length`, `reference_length` |
#
# A k-gram is right if it is in the reference of the same sentence, and at most as often as it is
# there. Punctuation marks count as words. The formula needs every $p_k$ above zero, which those of
# a whole test set are.


# %%
def bleu_of(counts):
    length, reference_length, *ngrams = counts.sum(axis=0)
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
low, high = np.percentile(bootstrap["A"], [2.5, 97.5])
print(f"A: 95 % of the test sets between {low:.2f} and {high:.2f}")

# %%
packaged = evaluation.bleu_interval(systems["A"], references)
print(f"half of that: ± {(high - low) / 2:.2f}; packaged, of other draws: ± {packaged:.2f}")
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
difference = bootstrap["A"] - bootstrap["B"]
right.hist(difference, bins=10, color="0.6", edgecolor="0.2")
right.axvline(0, color="black", linestyle="--")
points = np.ptp(left.get_xlim())  # Both panels show as many points of BLEU.
right.set(xlabel="BLEU of A less BLEU of B", xlim=(-points / 2, points / 2))
show(
    figure,
    alt="Left, the scores of two systems over a thousand drawn test sets, two heaps that overlap. "
    "Right, on a scale of the same width, their difference on each test set: a much narrower heap, "
    "all of it to the right of zero.",
)


# %%
def interval(values):
    return np.percentile(values, [2.5, 97.5])


for name, values in (*bootstrap.items(), ("difference", difference)):
    print(f"{name:10} {interval(values)[0]:6.2f} to {interval(values)[1]:6.2f}")
overlap = interval(bootstrap["B"])[1] > interval(bootstrap["A"])[0]
assert CORPUS != "grammar" or (overlap and interval(difference)[0] > 0)

# %% [markdown]
# The two intervals overlap, and zero is outside that of the difference: the choice of test
# sentences does not explain the gap, and A is better on sentences of this kind. That is the
# **paired** bootstrap; `sacrebleu --paired-bs` does it for files.
#
# ## The reference models, paired
#
# Here are the counts of two reference models' translations of Multi30k's test set.

# %%
study = data["study"]["models"]
rivals = {
    name: np.array([row.split() for row in study[name]["sets"][split]["counts"]], int)
    for name in ("de-en-transformer", "de-en-gru-attention")
}
drawn_real = random.integers(1000, size=(TEST_SETS, 1000))
first, second = (
    np.array([bleu_of(counts[rows]) for rows in drawn_real]) for counts in rivals.values()
)

# %%
for name, counts_of_one, values in zip(rivals, rivals.values(), (first, second), strict=True):
    low, high = interval(values)
    print(f"{name:20} {bleu_of(counts_of_one):5.2f}, 95 % between {low:.2f} and {high:.2f}")
low, high = interval(first - second)
gain = np.subtract(*map(bleu_of, rivals.values()))
print(f"{'difference':20} {gain:5.2f}, 95 % between {low:.2f} and {high:.2f}")
assert low > 0 and interval(second)[1] > interval(first)[0]

# %% [markdown]
# Again the intervals overlap, and that of the difference lies above zero: on captions of this kind
# the first of these two trained models is better.
#
# What no bootstrap tells: how the score would move with another **seed**. A second training of the
# same recipe starts from other weights and sees other batches. For that there is one way, training
# again. Nor does it tell anything of other texts than captions, or of what people would prefer. The
# table says what stands behind its ±:

# %%
print(f"{'model':20} {'BLEU':>6}   ±      what ± is")
for name, model in measured.items():
    found = model["splits"][split]
    print(
        f"{name:20} {found['bleu']:6.2f} ± {found['plus_minus']:.2f}   {found['plus_minus_is']}, "
        f"{len(model['seeds'])} seed(s)"
    )

# %% [markdown]
# A second metric guards against what one metric overlooks. **chrF** (Popović 2015) compares
# sequences of up to six *characters*, so that a word with a wrong ending is not wholly wrong:

# %%
for name, model in measured.items():
    print(f"{name:20} chrF {model['splits'][split]['chrf']:.2f}")
ranks = [
    sorted(german, key=lambda name: measured[name]["splits"][split][metric])
    for metric in ("bleu", "chrf")
]
assert ranks[0] == ranks[1]

# %% [markdown]
# Both metrics put the models from German in the same order. Between languages chrF compares no
# better than BLEU does.
#
# ## Where the fixed context fails
#
# Three models translate from German. Their scores on the test set, and on the same sentences joined
# by twos and fours. Training sources were single captions, nearly all of less than 25 words. So two
# things are new: the length, and a full stop that is not the end.

# %%
sets = list(study["de-en-gru"]["sets"])
print(f"{'':20} single    two   four")
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
    "everywhere, and falls soonest. Below, how many sentences each point rests on.",
)

# %%
bins = study[german[0]]["sets"][sets[0]]["by_length"]
print(f"{'words, at least':20}", *(f"{row['first']:5}" for row in bins))
print(f"{'sentences':20}", *(f"{row['sentences']:5}" for row in bins))
for name in german:
    rows = study[name]["sets"][sets[0]]["by_length"]
    print(f"{name:20}", *(f"{row['bleu']:5.1f}" for row in rows))

# %% [markdown]
# Lowest everywhere is a worse model; falling sooner is what a bottleneck would do. The models with
# attention are as good in the third bin as in the second, and the fixed context is not. These
# points have no intervals: read only what is large, and nothing into a bin of few sentences. Now
# four sentences joined:

# %%
curves = {name: study[name]["sets"][sets[-1]]["by_length"] for name in german}
show(
    evaluation.length_figure(curves),
    alt="The same for four sentences joined into one. All curves are far lower; that of the GRU "
    "with attention is highest, that of the fixed context lowest.",
)

# %% [markdown]
# What is left of each model's score when four sentences come at once?

# %%
left_over = {
    name: study[name]["sets"][sets[-1]]["bleu"] / study[name]["sets"][sets[0]]["bleu"]
    for name in german
}
for name, share in left_over.items():
    print(f"{name:20} keeps {share:.0%}")
assert max(left_over, key=left_over.get) == "de-en-gru-attention"

# %% [markdown]
# **Often said, and wrong: attention made length harmless.** It removed a bottleneck. It did not
# teach the models what they never saw. The Transformer scored highest on single captions, and is
# overtaken here. Look at what happens. Four sentences go in; how many come out? (`de-en-gru` is
# kept as scores alone, so only the other two can be asked.)

# %%
FOUR = (
    "Ein Hund läuft am Strand. Eine Frau liest ein Buch in einem Park. "
    "Zwei Kinder spielen Fußball auf der Straße. Ein Mann repariert ein altes Fahrrad."
)
for name in german[1:]:
    (translation,) = export.load(f"../saved_models/{name}").translator.translate([FOUR])
    print(f"{name}: {translation.text}")

# %% [markdown]
# One comes out, made of parts of several. How many words come out for each word of the references,
# for one, two and four sentences?

# %%
for name in german:
    ratios = [study[name]["sets"][each]["length_ratio"] for each in sets]
    print(f"{name:20}", *(f"{ratio:.2f}" for ratio in ratios))
    assert ratios[2] < 0.75 * ratios[0]

# %% [markdown]
# BLEU's first factor, $e^{1 - r/c}$, is what a translation pays for being too short. Divide it out,
# and what stays says how good the words are that did come. (About: the ratio above counts the
# words between spaces, BLEU counts punctuation too.)

# %%
without_brevity = {}
for name in german:
    found = study[name]["sets"][sets[-1]]
    brevity = min(1.0, np.exp(1 - 1 / found["length_ratio"]))
    without_brevity[name] = found["bleu"] / brevity
    print(f"{name:20} {found['bleu']:5.2f} is {brevity:.2f} of {without_brevity[name]:5.2f}")
assert abs(np.subtract(*(without_brevity[name] for name in german[1:]))) < 2

# %% [markdown]
# In what they do write, the Transformer and the GRU with attention are equal. The Transformer is
# overtaken because it stops sooner. Why do they all stop too soon? The end token always came after
# a full stop, and at about these lengths: a model learns the length of its targets too. To that the
# Transformer may add that a late position is a vector (lesson 5) which it hardly met in training,
# while a recurrence does the same step everywhere. We have not told the two apart. The remedy is
# the same: train on what will be translated, or cut the input into sentences first.
#
# Which words are lost? Multi30k has no gold alignments, so here a word of the *reference* is right
# if the translation has it too, in the same order. The share of right words, by where they stand:

# %%
figure, panels = plt.subplots(1, 2, figsize=(8, 3), sharey=True)
shown = {"single captions": sets[0], "four joined": sets[-1]}
for axes, (title, name_of_set) in zip(panels, shown.items(), strict=True):
    for name in german:
        rows = study[name]["sets"][name_of_set]["by_position"]
        places = [(row["first"] + row["last"]) / 2 for row in rows]
        axes.plot(places, [row["right"] for row in rows], label=name.removeprefix("de-en-"))
    axes.set(title=title, xlabel="place in the text, from 0 to 1", ylim=(0, 1))
for border in (0.25, 0.5, 0.75):
    panels[1].axvline(border, color="0.8", linewidth=0.8, zorder=0)
panels[0].set_ylabel("share of words right")
panels[0].legend()
show(
    figure,
    alt="Share of words right by place, for single captions and for four joined, with thin lines "
    "where about one caption ends and the next begins. All curves fall at first; for four joined "
    "they fall to a third and less, the Transformer's deepest, and those of the recurrent models "
    "rise again a little at the end.",
)

# %%
for title, name_of_set in shown.items():
    print(title)
    for name in german:
        rows = study[name]["sets"][name_of_set]["by_position"]
        print(f"  {name:20}", *(f"{row['right']:4.0%}" for row in rows))

# %% [markdown]
# The beginning is right most often, but of single captions too: captions begin alike. With four
# joined, most of what follows the first caption is lost, with attention or without it, and in the
# second half the Transformer has few right words, some of them by chance: an "a" or an "in" is soon
# found.
#
# ## Where they look
#
# `grammar`, the made-up corpus of lessons 1 to 5, has gold alignments. Five models were trained on
# it for equal times (which are not equally many updates): four with a recurrent encoder and decoder
# and additive, general or local attention, and a Transformer with two blocks of four heads. Each
# read the references of the test split, and a target word was linked to the source words that its
# weights favour. For the Transformer, these are the mean over the heads of the last block.
#
# The **alignment error rate** (lesson 3) is 0 if every sure link is found, and no link that is not
# at least possible; lesson 3 measured more than a half for links along the diagonal. The zoo
# (`benchmarks/zoo.py`) trained the same five another time, on another machine. Both are shown:

# %%
aligned = {name: model["aer"] for name, model in data["study_grammar"]["models"].items()}
zoo = {name: data["zoo"]["entries"][name]["test"] for name in aligned}
print(f"{'alignment error rate':24} {'here':>6} {'zoo':>6}")
for name, rates in aligned.items():
    print(f"{name:24} {rates['attention']:6.3f} {zoo[name]['aer']:6.3f}")
twice = np.array([(rates["attention"], zoo[name]["aer"]) for name, rates in aligned.items()])
assert all(twice[[0, 4]].min(axis=0) > twice[1:4].max(axis=0))
assert all(twice[:, 0] > twice[:, 1])

# %% [markdown]
# All five rates are lower in the other training: the level is not to be trusted to the second
# digit. The order is surer. Both times general attention and the two local ones, whose scores are
# general too, lie close together and lowest, and additive attention lies highest. Do models that
# align better translate better?

# %%
bleus = {
    name: model["sets"]["test"]["bleu"] for name, model in data["study_grammar"]["models"].items()
}
for name in sorted(bleus, key=bleus.get, reverse=True):
    print(f"{name:24} BLEU {bleus[name]:.1f}   error rate {aligned[name]['attention']:.3f}")
assert sorted(bleus, key=bleus.get)[-2] == max(aligned, key=lambda name: aligned[name]["attention"])

# %% [markdown]
# Not here: the worst aligner translates second best. Choose by the error rate only if you need the
# links themselves. And the Transformer's single heads?

# %%
rates = dict(aligned["transformer-transformer"])
mean = rates.pop("attention")
blocks = {}
for head, rate in rates.items():
    blocks.setdefault(head.split(",")[0].replace("layer", "block"), []).append(rate)
for block, heads in blocks.items():
    print(f"{block}, its heads:", *(f"{rate:.3f}" for rate in heads))
print(f"mean of the last block's heads: {mean:.3f}")
assert mean < min(rates.values())

# %%
figure, axes = plt.subplots(figsize=(6.5, 2.4))
for row, each in enumerate(aligned.values()):
    label = "what the model gives as its attention" if row == 0 else None
    axes.plot(each["attention"], row, "D", color="black", label=label)
for (block, heads), fill in zip(blocks.items(), ("white", "0.6"), strict=True):
    label = f"a head of {block}"
    axes.plot(heads, [row] * len(heads), "o", color="0.4", markerfacecolor=fill, label=label)
axes.set_yticks(range(len(aligned)), aligned)
axes.set(xlabel="alignment error rate", xlim=(0, 0.45), ylim=(len(aligned) - 0.5, -0.5))
axes.legend(loc="center right", fontsize=8, frameon=True)
show(
    figure,
    alt="Alignment error rates of five models: black diamonds between a tenth and a fifth for what "
    "each model gives as its attention; for the Transformer also dots, one a head, hollow for the "
    "first block and grey for the second, all to the right of its diamond.",
)
assert all(0.1 < each["attention"] < 0.2 for each in aligned.values())

# %% [markdown]
# No single head, of either block, aligns as well as the mean of the last block's heads; lesson 5
# saw the same. Whether each head sees a part, or the mean only cancels their errors, this does not
# tell.
#
# ## What training costs
#
# A model's `minutes` are its epochs times the *median* epoch, validation included. (The median,
# since a machine has busy minutes, and they do not touch it.) Epoch by epoch at that pace, the
# learning curves are:

# %%
pace = {name: model["minutes"] / len(model["learning_curve"]) for name, model in measured.items()}


def learning_curves(names):
    figure, axes = plt.subplots(figsize=(6, 3))
    for name in names:
        curve = measured[name]["learning_curve"]
        minutes = [row["epoch"] * pace[name] for row in curve]
        axes.plot(minutes, [row["val_bleu"] for row in curve], markevery=0.1, label=name)
    axes.set(xlabel="minutes", ylabel="validation BLEU, greedy")
    axes.legend()
    return figure


show(
    learning_curves(german),
    alt="Validation BLEU by minutes of training, one curve a model. All rise steeply first and are "
    "nearly flat at the end; the fixed context stays far below.",
)

# %%
for name in german:
    curve = measured[name]["learning_curve"]
    at = [round(share * (len(curve) - 1)) for share in (0.1, 0.25, 0.5, 0.75, 1)]
    points = (f"{curve[i]['epoch'] * pace[name]:3.0f} min {curve[i]['val_bleu']:4.1f}" for i in at)
    print(f"{name:20} {len(curve)} epochs of {pace[name]:.2f} min:", *points, sep="  ")

# %% [markdown]
# At the end all are nearly flat. That alone does not show that more updates would not help: a
# learning rate that falls to the end flattens a curve too.
#
# Captions are short. What if sources are long? An update was timed, and its memory measured, of
# five models smaller than the reference models, a batch at once, with sources of 32 to 1,024 tokens
# and targets of 32. Three have a recurrent decoder with general attention, behind a *recurrent*
# encoder or one of two more of the package: *convolutional*, an annotation from a few neighbours,
# and *hierarchical*, a recurrence over segments. *Recurrent, local* has local attention in place of
# general, and the *Transformer* two blocks on each side. All are equally wide:

# %%
lengths = data["lengths"]
print(f"{lengths['width']} wide, {lengths['batch']} sentences in a batch")


def by_model(kind):
    groups = {}
    for row in lengths[kind]:
        groups.setdefault(row["model"], []).append(row)
    return groups


# %%
def against_length(axes, kind, value, factor=1):
    for name, of_model in by_model(kind).items():
        at = [row["length"] for row in of_model]
        (line,) = axes.loglog(at, [row[value] * factor for row in of_model], label=name)
        if value == "seconds":
            axes.vlines(
                at, *([row[end] for row in of_model] for end in ("min", "max")), line.get_color()
            )
    axes.set_xticks(at, at)
    axes.set_xticks([], minor=True)
    low, high = axes.get_ylim()
    ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2) if low < tick < high]
    axes.set_yticks(ticks, ticks)
    axes.set_yticks([], minor=True)


# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
against_length(left, "training", "seconds")
left.set(xlabel="source tokens", ylabel="seconds an update")
against_length(right, "training", "memory_bytes", 1e-9)
right.set(xlabel="source tokens", ylabel="GB of memory at most")
right.legend(fontsize=8)
show(
    figure,
    alt="Time, with bars from the shortest to the longest, and memory of an update by source "
    "length, on logarithmic scales. The Transformer is fastest up to 256 tokens; from 512 tokens "
    "to 1,024 its curves are the steepest.",
)


# %%
at = [row["length"] for row in by_model("training")["recurrent"]]
print(f"{'seconds an update':18}", *(f"{each:6}" for each in at))
for name, rows in by_model("training").items():
    print(f"{name:18}", *(f"{row['seconds']:6.3f}" for row in rows))


# %%
def growth(name, value):
    at = {row["length"]: row[value] for row in by_model("training")[name]}
    return at[1024] / at[512]


print("from 512 to 1,024 tokens")
for name in by_model("training"):
    time, memory = (growth(name, value) for value in ("seconds", "memory_bytes"))
    print(f"{name:18} {time:.1f} times the time, {memory:.1f} the memory")
assert growth("transformer", "seconds") > growth("recurrent", "seconds")
assert growth("transformer", "memory_bytes") > 2
timed, held = (
    {name: np.array([row[value] for row in rows]) for name, rows in by_model("training").items()}
    for value in ("seconds", "memory_bytes")
)
assert all(timed["transformer"] < timed["recurrent"])
assert all(timed["recurrent, local"] > timed["recurrent"])
assert held["transformer"].argmax() == 5 and held["transformer"][4] > 1.2 * held["recurrent"][4]

# %% [markdown]
# Twice the tokens are twice the work for a recurrence, once the source is long: the 32 target
# tokens cost the same whatever the source, so with short ones the whole grows by less. In a
# Transformer the scores from every token to every token are four times the work; projections and
# feed-forward are twice. So between two and four is expected, and what the gradient needs of the
# scores is kept in memory. Both show from about 512 tokens on. In memory the Transformer leaves
# the others there; in time its few large products keep it ahead of the recurrent model to the end
# of the scale. Local attention saves nothing here: its window is cut from scores that have all
# been computed.
#
# Each point is the median of a few updates in one process. Where a bar is long, or a curve jumps,
# something else ran on the machine.
#
# ## What decoding costs
#
# **Often said, and wrong: the Transformer is parallel, so it translates faster.** It *trains* in
# parallel. A translation is written one token after another by every model. Two models as small as
# those above, one with additive attention, searched greedily, compiled, through a batch as large,
# of sources of 32 tokens each:

# %%
figure, axes = plt.subplots(figsize=(5.5, 3))
against_length(axes, "decoding", "seconds")
axes.set(xlabel="target tokens", ylabel="seconds a batch")
axes.legend()
show(
    figure,
    alt="Time to write a batch of sentences by length, on logarithmic scales: two lines that rise "
    "about in proportion to length, the Transformer's above the recurrent model's.",
)

# %%
per_step = {
    name: [1000 * row["seconds"] / row["length"] for row in rows]
    for name, rows in by_model("decoding").items()
}
at = [row["length"] for row in by_model("decoding")["transformer"]]
print(f"{'target tokens':20}", *(f"{length:4}" for length in at))
for name, milliseconds in per_step.items():
    print(f"{name:20}", *(f"{each:.2f}" for each in milliseconds), "ms a step")
assert np.mean(per_step["transformer"]) > np.mean(per_step["recurrent, additive"])

# %% [markdown]
# A step of the Transformer has more operations, at every length; the cache that it reads (lesson 5)
# shows in the last number at most. This is one implementation on two CPU cores: measure on your own
# device.
#
# ## More training of the same layers
#
# **Why.** Before choosing other layers: have these given all they can? Each curve above ends flat
# because its learning rate does. The recipe `en-de-transformer-long` has the layers of
# `en-de-transformer`, and more training: more epochs, more dropout and **R-Drop** (Liang et al.
# 2021).
#
# Dropout makes another model of every pass. Read a batch twice, and each next token is predicted
# twice, by $p$ and by $q$. A translation is written without dropout; what a prediction owes to the
# units that happened to be left out is of no use there. So R-Drop wants the two to agree:
#
# $$\mathcal{L} = \tfrac12\bigl(\mathcal{L}(p) + \mathcal{L}(q)\bigr) +
# \tfrac{\alpha}{4}\bigl(\mathrm{KL}(p \,\|\, q) + \mathrm{KL}(q \,\|\, p)\bigr)$$
#
# $\mathcal{L}(p) = -\ln p(y)$ is the cross-entropy with the reference's token $y$, without label
# smoothing; $\mathrm{KL}(p \,\|\, q) = \sum_k p(k) \ln \frac{p(k)}{q(k)}$ is how many nats $q$ is
# away from $p$; $\alpha$ is `r_drop` in the recipe. Two passes take more than twice the time of
# one, since the divergence has its price too.

# %%
ALPHA = 3.0
logits = np.array([[[0.0, 2.0, 1.0]], [[0.0, 1.0, 1.5]]], "float32")  # (passes, target, vocabulary)
p, q = (np.exp(each[0]) / np.exp(each[0]).sum() for each in logits)
y = 1
apart = np.sum(p * np.log(p / q)) + np.sum(q * np.log(q / p))
by_hand = -(np.log(p[y]) + np.log(q[y])) / 2 + ALPHA / 4 * apart
loss = float(models.RDropCrossentropy(ALPHA)(np.array([[y], [y]]), logits))
print(f"p {p.round(2)}  q {q.round(2)}  KL both ways {apart:.3f}  loss {loss:.3f}")
assert np.isclose(loss, by_hand)

# %% [markdown]
# ## More pairs from the same corpus
#
# R-Drop changes the loss and leaves the pairs. The other way round: leave layers and loss, and make
# more pairs of the corpus's own, with models that learned from it. $D$ is the set of training pairs
# of a source $x$ and a target $y$. A model of the other direction, the **back-translator** $B$,
# gives each target another source (Sennrich et al. 2016); a **forward translator** $F$ gives each
# source another target (Kim and Rush 2016):
#
# $$D \;\cup\; \{(B(y), y) : (x, y) \in D\} \;\cup\; \{(x, F(x)) : (x, y) \in D\}$$
#
# Together they are **data diversification** (Nguyen et al. 2020), here with one model of each
# direction: $B$ is `de-en-transformer`, $F$ is `en-de-transformer`, and
# `en-de-transformer-diversified` learned from all three sets. Behind a back-translation stands what
# a person wrote, so the decoder learns to write that from a source in other words. A forward
# translation is what a model finds likely: where people chose among many wordings, it repeats a
# few, and so leaves a small model less to learn. (The recipe has the long one's dropout too.)

# %%
B = export.load("../saved_models/de-en-transformer").translator
captions = [
    "Ein Kind mit gelber Mütze springt in eine Pfütze.",
    "Zwei ältere Herren unterhalten sich auf einer Parkbank.",
]
for (x, _), y in zip(B.translate(captions), captions, strict=True):
    print(f"{x}  ->  {y}")

# %%
english = ("en-de-transformer", "en-de-transformer-long", "en-de-transformer-diversified")
for name in english:
    model = measured[name]
    print(f"{name:29} {model['pairs']:6,} pairs, {len(model['learning_curve'])} epochs")

# %%
figure = learning_curves(english)
figure.axes[0].set_ylim(25, None)
show(
    figure,
    alt="Validation BLEU by minutes of three trainings. The short one and the one with more pairs "
    "rise together, and the latter goes on where the short one ends. The long one rises most "
    "slowly and needs by far the most time to come as high.",
)

# %%
ends = {}
print(f"{'':29} minutes validation  test")
for name in english:
    model, found = measured[name], measured[name]["splits"][split]
    best = max(row["val_bleu"] for row in model["learning_curve"])
    ends[name] = (model["minutes"], best, found["bleu"])
    row = f"{model['minutes']:7.0f} {best:10.2f} {found['bleu']:5.2f} ± {found['plus_minus']:.2f}"
    print(f"{name:29} {row}")
short, long, diversified = (np.array(ends[name]) for name in english)
assert long[0] > 3 * short[0] and diversified[0] < long[0] / 2
assert all(long[1:] > short[1:]) and all(long[1:] < short[1:] + 1)
assert all(diversified[1:] > long[1:])
assert diversified[2] - short[2] > 1 > diversified[1] - short[1]

# %% [markdown]
# At any minute that the short and the long training both reach the short one is ahead, since its
# learning rate is further down: **a schedule belongs to its number of epochs**, and a long
# training's curve, cut off early, does not judge it. At their ends the long one is ahead, by less
# than a point for more than three times the minutes.
#
# More pairs ended above both, in less than half the minutes of the long training. (Not all were
# trained on the same machine, so compare minutes roughly; and what $B$ and $F$ took to learn comes
# on top.) Over the short training it gained less than a point on the validation captions, searched
# greedily, and more than one on the test captions, with a beam. No caption is new to it, only the
# wordings are. Each model is one seed, and ± is about the choice of test captions alone: how much
# of these gains another seed would show, the table does not say.
#
# ## Read them yourself
#
# Exported as lesson 7 explains, these models are in the repository. They need no training and no
# network.

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
# "Von unten" is "from below". Two sentences prove nothing; they show what such scores look like.
#
# ## Which one, then
#
# The table holds what was found, and what each line costs.

# %%
print(f"{'':20} {'BLEU':>6} {'four joined':>12} {'weights':>10} {'minutes':>8}")
for name in german:
    model = measured[name]
    print(
        f"{name:20} {model['splits'][split]['bleu']:6.2f} "
        f"{study[name]['sets'][sets[-1]]['bleu']:12.2f} {model['weights']:10,} "
        f"{model['minutes']:8.0f}"
    )

# %% [markdown]
# (Minutes at the median pace, as above. These are recipes, not bare architectures: vocabulary,
# width and the number of epochs differ as well.)
#
# - A **context of fixed size** lost to both others at about the same size: for translation there is
#   no reason to choose it.
# - A **GRU with attention** wrote a token at less cost where small models were timed, and the state
#   of its decoder does not grow. It stopped less early on texts longer than it was trained on, and
#   so kept more of its score.
# - A **Transformer** scored highest on captions. Its training has more to do at once (lesson 5), so
#   it should gain more from more processors (not measured here). From some hundreds of tokens on,
#   its memory and time grow faster than the source's length; sentences are shorter than that.
# - Who needs to know **which word came from which** measures that too: it does not follow from
#   BLEU.
# - Two weights of five are **vocabulary** in models as small as these: choose its size with care.
#
# ## Summary
#
# - A BLEU without its **signature** is no number to compare.
# - An **interval** says how far the choice of test sentences moves a score; only **seeds** say how
#   far training does.
# - Two systems are compared on the **same** sentences: where both find the same ones hard, their
#   difference is surer than either score.
# - One score hides where a model fails: look at it by **length**, in quality and in cost.
#
# ## Exercises
#
# **1.** A test set of 100 sentences: by what factor does the interval of system A grow? Measure
# it with `statistics["A"][:100]`. What would you expect of an error that falls with the square
# root of the number of sentences?

# %% tags=["solution"]
# Solution 1
few = statistics["A"][:100]
drawn_few = random.integers(100, size=(TEST_SETS, 100))
narrow, wide = (
    np.subtract(*np.percentile(values, [97.5, 2.5]))
    for values in (bootstrap["A"], [bleu_of(few[rows]) for rows in drawn_few])
)
print(
    f"{wide / narrow:.1f} times as wide; the square root of {len(references) / 100:g} is", end=" "
)
print(f"{(len(references) / 100) ** 0.5:.1f}")
assert 1.3 < wide / narrow < 3.5

# %% [markdown]
# **2.** Draw *other* test sets for B than for A. How wide is the interval of the
# difference then? Compare it with the paired one.

# %% tags=["solution"]
# Solution 2
drawn_anew = random.integers(len(references), size=drawn.shape)
unpaired = bootstrap["A"] - [bleu_of(statistics["B"][rows]) for rows in drawn_anew]
for name, values in (("paired", difference), ("unpaired", unpaired)):
    print(f"{name:9} {np.ptp(interval(values)):.2f}")
assert np.ptp(interval(unpaired)) > 2 * np.ptp(interval(difference))

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
# ## Papers
#
# - Liang et al. (2021), *R-Drop: Regularized Dropout for Neural Networks*:
#   <https://arxiv.org/abs/2106.14448>
# - Sennrich, Haddow and Birch (2016), *Improving Neural Machine Translation Models with Monolingual
#   Data*:
#   <https://aclanthology.org/P16-1009>
# - Kim and Rush (2016), *Sequence-Level Knowledge Distillation*:
#   <https://aclanthology.org/D16-1139>
# - Nguyen et al. (2020), *Data Diversification: A Simple Strategy For Neural Machine Translation*:
#   <https://arxiv.org/abs/1911.01986>
#
# ## What comes next
#
# A model that stands in a folder helps nobody yet. Lesson 7 puts it behind a **server**, lesson 8
# into a **phone** and a **web page**.
