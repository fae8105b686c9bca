# %% [markdown]
# # 13. Generating text and next frames
#
# ## What you'll do
#
# Let a network write: train it to predict the next letter of sentences whose grammar you know, so
# that what it writes can be *marked*. Then do the same with pictures: predict the next frame of a
# film with a convolutional LSTM, feed each prediction back in, and watch how long it stays right.
#
# ## What you'll learn
#
# * that generating is predicting, over and over, and what *teacher forcing* is;
# * how to judge a language model: bits per letter, beside what is possible and what a table of
#   counts reaches;
# * what the temperature does to a softmax;
# * the equations of ConvLSTM, an LSTM whose products are convolutions;
# * why errors grow when a model lives on its own predictions.
#
# ## What you'll need
#
# Tutorials [4](04_lstm.ipynb) and [6](06_training.ipynb). About half a minute.

# %%
import re
from collections import Counter, defaultdict

import numpy as np

import scratchrnn
from scratchrnn import cells, plot
from scratchrnn.layers import LSTM, ConvLSTM2D, Dense, Embedding, Input
from scratchrnn.models import Sequential
from scratchrnn.optimizers import Adam

scratchrnn.set_backend("numpy")

# %% [markdown]
# ## A language with a grammar
#
# The network gets a text, letter by letter, and is to say the next letter. To be able to mark it
# we make the language ourselves. Its sentences look like this: *the dog that sees the cats runs
# and sings.* One rule is hard. The main verb agrees with the **first** noun (the dog … runs), and
# between them there may stand another noun with a verb of its own that would say the opposite.
# Whoever only looks at the last few letters cannot know.

# %%
NOUNS, SEE, DO = ["dog", "cat", "bird", "cow"], ["see", "chase", "hear"], ["run", "sleep", "sing"]


def sentence(rng):
    def noun(plural):
        return NOUNS[rng.integers(4)] + "s" * plural

    def verb(verbs, plural):
        return verbs[rng.integers(3)] + "s" * (1 - plural)

    plural = rng.integers(2)
    text = "the " + noun(plural)
    if rng.random() < 0.6:
        text += f" that {verb(SEE, plural)} the {noun(rng.integers(2))}"
    text += " " + verb(DO, plural)
    if rng.random() < 0.3:
        text += " and " + verb(DO, plural)
    return text + "."


rng = np.random.default_rng(13)
text = " ".join(sentence(rng) for _ in range(2400))
letters = sorted(set(text))
V = len(letters)
print(text[:152], "…")
print(len(text), "letters,", V, "different ones")

# %% [markdown]
# How well can this be predicted *at best*? Every random choice costs its logarithm: a noun of
# four, singular or plural (one bit each), and so on. Added up over a sentence and divided by its
# length, that is the entropy of the language in bits per letter. No model can go below it; saying
# "all letters are equally likely" costs $\log_2 V$.

# %%
clause = 0.6
choices = (1 + 2) + -(clause * np.log2(clause) + (1 - clause) * np.log2(1 - clause))
choices += clause * (np.log2(3) + 1 + 2)  # that VERB the NOUN(s)
choices += np.log2(3) + -(0.3 * np.log2(0.3) + 0.7 * np.log2(0.7)) + 0.3 * np.log2(3)
floor = choices / (len(text) / 2400)
print(f"at best {floor:.3f} bits per letter; knowing nothing {np.log2(V):.2f}")

# %% [markdown]
# ## Learning to predict the next letter
#
# The loss is the cross-entropy over time of tutorial 6: at every step the network sees the letters
# so far and gives a probability to each possible next one. In training it always sees the *true*
# letters, whatever it would have said itself. This is called **teacher forcing**. The text is one
# long sequence, so it is cut into 32 rows that are read side by side, and learnt from in windows
# of 40 letters with the state carried on (`tbptt=40`).

# %%
code = {letter: k for k, letter in enumerate(letters)}
codes = np.array([code[letter] for letter in text])
rows = 32
length = (len(codes) - 1) // rows
x = codes[: rows * length].reshape(rows, length)
y = codes[1 : rows * length + 1].reshape(rows, length)  # the letter after each

model = Sequential([
    Input((None,)),
    Embedding(V, 12, seed=0),
    LSTM(56, return_sequences=True, seed=1),
    Dense(V, "softmax", seed=2),
])
model.compile(Adam(0.01, global_clipnorm=1.0), "sparse_categorical_crossentropy")
run = model.fit(x, y, batch_size=rows, epochs=6, tbptt=40, shuffle=False, verbose=0, seed=0)
print("bits per letter, epoch by epoch:",
      [round(float(loss / np.log(2)), 3) for loss in run.history["loss"]])

# %% [markdown]
# For comparison, the model of the pre-neural days: a table that counts which letter follows each
# group of five letters.

# %%
def n_gram(text, order):
    table = defaultdict(Counter)
    for k in range(order, len(text)):
        table[text[k - order : k]][text[k]] += 1
    return table


def bits(model_probability, held_out):
    return -np.mean(np.log2([model_probability(held_out, k) for k in range(40, len(held_out))]))


held_out = " ".join(sentence(np.random.default_rng(99 + k)) for k in range(150))
table = n_gram(text, 5)


def by_counting(t, k):
    found = table[t[k - 5 : k]]
    return (found[t[k]] + 0.01) / (found.total() + 0.01 * V)


predicted = model.predict(np.array([[code[letter] for letter in held_out]]), verbose=0)[0]
results = {
    "counting": bits(by_counting, held_out),
    "LSTM": bits(lambda t, k: predicted[k - 1, code[t[k]]], held_out),
}
plot.bars(results, ylabel="bits per letter, new text", reference=(floor, "at best")).describe(
    "Bits per letter on new text: the LSTM comes close to the dashed line of what is possible, the "
    "table of counts of five letters needs clearly more."
)

# %% [markdown]
# ## Letting it write
#
# To generate, take the probabilities for the next letter, draw one, feed it in as the next input,
# and so on. With a *temperature* $\tau$,
#
# $$ p_v \propto \exp(s_v / \tau) = p_v(\tau = 1)^{1/\tau} \text{ (normalised)}, $$
#
# $\tau < 1$ makes likely letters likelier still, $\tau > 1$ makes the choice more even, $\tau \to
# 0$ always takes the likeliest.
#
# For one letter at a time there is no need to run over the sequence again: **the state is all that
# has to be kept**. One call of `lstm_step`, equations (1) to (7) of tutorial 4, is enough; here
# for 200 texts at once.

# %%
table_of_vectors, Wx, Wh, b, Wy, by = [w.astype(float) for w in model.get_weights()]


def write(texts=200, steps=130, temperature=1.0, seed=0):
    """Return `texts` texts that the network writes."""
    rng = np.random.default_rng(seed)
    h = c = np.zeros((texts, len(Wh)))
    letter = np.full(texts, code[" "])
    written = []
    for _ in range(steps):
        h, c, _ = cells.lstm_step(table_of_vectors[letter], h, c, Wx, Wh, b)
        scores = (h @ Wy + by) / temperature
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        letter = (p.cumsum(axis=1) > rng.random((texts, 1))).argmax(axis=1)  # draw
        written.append(letter)
    return ["".join(letters[k] for k in row) for row in np.array(written).T]


for temperature in (0.5, 1.0, 2.0):
    print(f"τ = {temperature}: {write(3, 90, temperature)[0].strip()}")

# %% [markdown]
# ## Marking it
#
# Since the grammar is known, every sentence can be checked. A regular expression says whether the
# *form* is right; then the agreement is checked, and separately for the hard sentences, in which
# the nearer noun has the other number.

# %%
form = re.compile(
    rf"the ({'|'.join(NOUNS)})(s?)(?: that ({'|'.join(SEE)})(s?) the ({'|'.join(NOUNS)})(s?))?"
    rf" ({'|'.join(DO)})(s?)(?: and ({'|'.join(DO)})(s?))?"
)


def agrees(groups):
    """Say whether every verb of a sentence has the number of its first noun."""
    return all((groups[k] == "s") == (groups[1] == "") for k in (3, 7, 9) if groups[k] is not None)


def mark(texts):
    """Return three shares: right in form, agreeing, agreeing among the hard ones."""
    sentences = [s.strip() for t in texts for s in t.split(".")[1:-1]]  # whole ones only
    formed = [m.groups() for m in map(form.fullmatch, sentences) if m]
    hard = [g for g in formed if g[4] and g[1] != g[5]]
    return (len(formed) / len(sentences), np.mean([agrees(g) for g in formed]),
            np.mean([agrees(g) for g in hard]))


def write_by_counting(steps=6000, seed=0):
    rng, t = np.random.default_rng(seed), text[:5]
    for _ in range(steps):
        found = table[t[-5:]]
        t += rng.choice(list(found), p=np.array(list(found.values())) / found.total())
    return [t]


marks = {"counting": mark(write_by_counting())}
marks |= {f"LSTM, τ = {tau}": mark(write(temperature=tau)) for tau in (0.5, 1.0, 2.0)}
print(f"{'':<14}{'form':>8}{'agrees':>9}{'agrees, hard ones':>20}")
for name, values in marks.items():
    print(f"{name:<14}{100 * values[0]:6.0f} %{100 * values[1]:7.0f} %{100 * values[2]:18.0f} %")

# %% [markdown]
# The last column is the one to look at. The table of counts has no way to know: between the noun
# and its verb lie more than five letters. The network carries the number of the first noun past
# the second one. *Where* does it carry it? Feed in all four combinations and ask, after "… run",
# how likely it thinks an "s" is:

# %%
asked = {}
for first in ("dog", "dogs"):
    for second in ("cat", "cats"):
        verb = "sees" if first == "dog" else "see"
        start = f" the {first} that {verb} the {second} run"
        p = model.predict(np.array([[code[letter] for letter in start]]), verbose=0)[0, -1]
        asked[f"{first} … {second}"] = 100 * p[code["s"]]
plot.bars(asked, ylabel="probability of an s (%)", title="the … that see(s) the … run_").describe(
    "The probability of an s after the verb: near 100 per cent when the first noun is singular, "
    "near 0 when it is plural, whatever the number of the second noun."
)

# %% [markdown]
# ## Pictures: ConvLSTM
#
# A frame is not a vector of unrelated numbers. The same motion can happen anywhere in it. So let
# the state be an *image*, too, and replace both matrix products of (1) by convolutions $*$ (Shi et
# al. 2015); all else is the LSTM, number by number:
#
# $$
# \begin{align*}
# a_t &= x_t * W_x + h_{t-1} * W_h + b \tag{1} \\
# i &= \sigma(a_i), \; f = \sigma(a_f), \; g = \tanh(a_g), \; o = \sigma(a_o) \tag{2–4, 6} \\
# c_t &= f \odot c_{t-1} + i \odot g \tag{5} \\
# h_t &= o \odot \tanh(c_t) \tag{7}
# \end{align*}
# $$
#
# A unit sees a neighbourhood of the input and of the state around its own place, and the weights
# are the same everywhere: what is learnt about motion in one corner holds in all of them, with few
# weights. The films are squares of 2 × 2 pixels that move with one of eight velocities over a
# field of 12 × 12. What leaves on one side comes in again on the other.

# %%
SIZE = 12


def clips(N, T, seed, cross=False):
    """Return films (N, T, SIZE, SIZE, 1) of a moving square; or of some that cross the field."""
    rng = np.random.default_rng(seed)
    velocities = np.array([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if a or b])
    v, start = velocities[rng.integers(0, 8, N)], rng.integers(0, SIZE, (N, 2))
    if cross:
        start = np.where(v > 0, 0, np.where(v < 0, SIZE - 2, start % (SIZE - 1)))
    at = (start[:, None] + v[:, None] * np.arange(T)[:, None]) % SIZE  # (N,T,2)
    film = np.zeros((N, T, SIZE, SIZE, 1), np.float32)
    n, t = np.mgrid[:N, :T]
    for a in (0, 1):
        for b in (0, 1):
            film[n, t, (at[..., 0] + a) % SIZE, (at[..., 1] + b) % SIZE] = 1
    return film


film, test = clips(320, 9, 0), clips(96, 9, 1)
net = Sequential([
    Input((None, SIZE, SIZE, 1)),
    ConvLSTM2D(8, (3, 3), padding="same", return_sequences=True, seed=0),
    Dense(1, "sigmoid", seed=1),  # at every place and step: how likely is light here, next
])
net.compile(Adam(0.03, global_clipnorm=1.0), "binary_crossentropy")
net.fit(film[:, :-1], film[:, 1:], batch_size=16, epochs=10, verbose=0, seed=0)
print(f"{net.count_params()} weights; a dense LSTM of {SIZE * SIZE} units would have "
      f"{4 * (2 * SIZE**4 + SIZE**2)}")

# %% [markdown]
# How good are its predictions, step by step, beside *persistence* (the same frame again)?

# %%
said = net.predict(test[:, :8], verbose=0)
error = np.square(said - test[:, 1:9]).mean(axis=(0, 2, 3, 4))
again = np.square(test[:, :8] - test[:, 1:9]).mean()
fig, ax = plot.figure(4.8, 2.6)
with plot.style():
    ax.plot(np.arange(2, 10), error, "o-", color=plot.OKABE_ITO["blue"], label="ConvLSTM")
    ax.axhline(again, **plot.line("baseline"), label="the same frame again")
    ax.set(xlabel="predicted frame", ylabel="mean squared error", ylim=(0, None))
    ax.legend()
fig.describe("Mean squared error of the predicted frame: highest for frame 2, for which the "
             "network has seen only one frame, and a fraction of the error of persistence from "
             "frame 4 on.")

# %% [markdown]
# Frame 2 cannot be predicted: one frame does not show a velocity, and the best answer is a blur of
# all eight possibilities. From then on the network knows where the square is going.
#
# ## Living on one's own predictions
#
# Show it five frames, then feed each prediction back in as the next frame. There are two ways to
# do that. The network says *how likely* light is at each place. Either that is fed back as it is;
# or something is *decided* first, here: the four likeliest places are lit, and the others are not.

# %%
def roll_out(films, decide, seen=5):
    """films (N,T,SIZE,SIZE,1); from frame `seen` on the network sees what it has said itself."""
    frames = films[:, :seen]
    while frames.shape[1] < films.shape[1]:
        said = net.predict(frames, verbose=0)[:, -1:]
        if decide:
            flat = said.reshape(len(said), -1)
            fourth = np.sort(flat, axis=1)[:, -4].reshape(-1, 1, 1, 1, 1)
            said = (said >= fourth).astype(np.float32)
        frames = np.concatenate([frames, said], axis=1)
    return frames


free = clips(96, 11, 2, cross=True)  # from one side to the other: none meets an edge on its way
dreams = {"likelihoods": roll_out(free, decide=False), "decisions": roll_out(free, decide=True)}
k = 1
fig, axes = plot.figure(7.4, 2.6, rows=3, columns=11)
with plot.style():
    for row, (name, films) in enumerate([("truth", free), *dreams.items()]):
        for t, ax in enumerate(axes[row]):
            ax.imshow(films[k, t, ..., 0], cmap=plot.UNIT_MAP, vmin=0, vmax=1, aspect="equal")
            ax.set(xticks=[], yticks=[])
            ax.grid(False)
            if row == 0:
                ax.set_title(f"{t + 1}" + ("" if t < 5 else "*"), fontsize=8)
        axes[row, 0].set_ylabel(name, fontsize=8)
fig.describe("Three rows of eleven frames. Above the true film of a moving square. In the middle "
             "the film as it goes on when likelihoods are fed back: within a few frames the square "
             "fades away. Below, with decisions fed back, a sharp shape of four pixels, not a "
             "square any more, keeps moving to the end, below the true path.")

# %% [markdown]
# (Frames with a star are the network's own.) In motion it is easier to see:

# %%
from IPython.display import HTML

fig, axes = plot.figure(4.6, 1.9, columns=3)
shown = {"truth": free[k], **{name: films[k] for name, films in dreams.items()}}
pictures = []
for ax, (name, frames) in zip(axes, shown.items(), strict=True):
    first = ax.imshow(frames[0, ..., 0], cmap=plot.UNIT_MAP, vmin=0, vmax=1, aspect="equal")
    pictures.append((first, frames))
    ax.set(xticks=[], yticks=[], xlabel=name)
    ax.grid(False)


def show(t):
    for picture, frames in pictures:
        picture.set_data(frames[t, ..., 0])
    axes[0].set_ylabel(f"frame {t + 1}")


HTML(plot.to_jshtml(plot.animate(fig, show, 11, fps=3), fps=3))

# %% [markdown]
# *The player shows, frame by frame, the true film on the left, and the network's two
# continuations, which go on alone from frame 6.* And in numbers, over all of these films:

# %%
print("mean squared error of frame      " + "".join(f"{t:>7}" for t in range(6, 12)))
for name, films in dreams.items():
    error = np.square(films - free).mean(axis=(0, 2, 3, 4))[5:]
    print(f"feeding back {name:<20}" + "".join(f"{e:7.3f}" for e in error))
print(f"frame 5 again {np.square(free[:, 4:5] - free[:, 5:]).mean():.3f}, "
      f"an empty frame {np.square(free).mean():.3f}")

# %% [markdown]
# In training the network only ever saw *true* frames. Now it sees its own, slightly wrong ones, a
# kind of input that it has never learnt to correct. This is *exposure bias*, the price of teacher
# forcing. A likelihood of 0.7 where there was always a 1 is such an input: a fainter square makes
# the network less sure, so the next one is fainter still, and after a few frames it says
# "nothing", which is the error of an empty frame. A decision looks like what it knows. It is the
# same thing that drawing a *letter* did above: nobody feeds the whole softmax back into a text
# model. Decisions keep the picture sharp; they can also be wrong (the four pixels are no square
# any more, and have lost half of their direction), and then nothing corrects them either.
#
# ## On your own
#
# 1. Train the letter model with `tbptt=5`. Which column of the marks suffers, and why not the
#    others?
# 2. Replace the LSTM by SimpleRNN of as many *weights*. How far down do the bits go?
# 3. Let the inner clause be nested twice (… that sees the cats that hear the bird runs). Does it
#    generalise without training?
# 4. Feed the ConvLSTM its own likelihoods in training now and then (scheduled sampling). Does the
#    square live longer?
# 5. Where in the field are the errors largest? (What does "same" padding see beyond the edge?)
#
# ## In practice
#
# * Report bits per letter (or perplexity, $2^{\text{bits}}$) on text that was not trained on,
#   beside a counting baseline.
# * Low temperature is for answers, temperature 1 for samples. Sampling settings are part of the
#   result; state them.
# * A blurred prediction is the *average* of possible futures, which is what a squared error or a
#   cross-entropy per pixel asks for. If you need one sharp future, you need another loss.
#
# ## Further reading
#
# * A. Karpathy, "The unreasonable effectiveness of recurrent neural networks" (2015).
# * A. Graves, "Generating sequences with recurrent neural networks", arXiv:1308.0850 (2013).
# * T. Linzen, E. Dupoux, Y. Goldberg, "Assessing the ability of LSTMs to learn syntax-sensitive
#   dependencies", *TACL* 4 (2016): agreement past a distractor, in English.
# * X. Shi et al., "Convolutional LSTM network: a machine learning approach for precipitation
#   nowcasting", *NeurIPS* 2015.
# * S. Bengio et al., "Scheduled sampling for sequence prediction with recurrent neural networks",
#   *NIPS* 2015.
#
# Next: [14. Leaving](14_leaving.ipynb).
