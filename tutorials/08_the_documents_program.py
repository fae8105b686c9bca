# %% [markdown]
# # 8. The document's program
#
# ## What you'll do
#
# Run the program of the source document's section 4 with `keras` replaced by `scratchrnn`, start
# both from the same weights and lay their loss histories on top of each other. Then read the
# program slowly, find what does not mean what it seems to mean, and write the program that it
# wanted to be.
#
# ## What you'll learn
#
# * that "the same as Keras" can be shown, to four digits over a hundred epochs, and how;
# * why an LSTM over one step remembers nothing, and which of its weights never learn;
# * what happens when targets do not fit a model: one library raises, another trains on something
#   else;
# * why `predictions == targets` is not an accuracy, and how it compares 39 predictions with 1521
#   targets;
# * how to judge a forecast: in the unit of the series, beside what costs nothing.
#
# ## What you'll need
#
# Tutorials [1](01_sequences_and_the_rnn.ipynb) and [4](04_lstm.ipynb). Keras is *not* needed: its
# numbers are stored beside this notebook. Where Keras is installed the notebook runs it as well.
# About ten seconds.

# %%
import numpy as np

import scratchrnn
from scratchrnn import plot

scratchrnn.set_backend("numpy")
kept = np.load("keras_document.npz")
print("stored numbers made with", kept["made_with"])

# %% [markdown]
# ## The program
#
# Section 4 says "suppose `data` is a NumPy array of a time series" and does not say of which
# shape. Only one fits all its lines: (n, 1, 1), a series of n steps, each of them a "sequence" of
# one step with one number. Here is such a series, 200 values, the one that Keras was given:

# %%
values = np.concatenate([kept["x"], kept["y"][-1:], kept["x_test"], kept["y_test"][-1:]])
data = values  # (200, 1, 1)
fig, ax = plot.figure(6.2, 2.2)
ax.plot(data[:, 0, 0], **plot.line("", 0))
ax.axvline(160, color="#222222", linewidth=0.8)
ax.set(xlabel="step (training up to the line)", ylabel="value")
fig.describe("A series of 200 values, a wave with a slow drift, cut at step 160 into training and "
             "test.")

# %% [markdown]
# And here is the program. The imports have changed, `verbose` and `shuffle` are set, the rest is
# the document's:

# %%
from scratchrnn.layers import LSTM, Dense
from scratchrnn.models import Sequential

train_data = data[: int(len(data) * 0.8)]
test_data = data[int(len(data) * 0.8) :]

X_train = []
y_train = []
for i in range(len(train_data) - 1):
    X_train.append(train_data[i])
    y_train.append(train_data[i + 1])
X_train = np.array(X_train)
y_train = np.array(y_train)

model = Sequential()
model.add(LSTM(50, input_shape=(X_train.shape[1], X_train.shape[2])))
model.add(Dense(1, activation="linear"))
model.compile(optimizer="adam", loss="mse")
model.summary()

# %% [markdown]
# ## Keras beside scratchrnn
#
# A fair comparison starts from the same weights and sees the same batches in the same order
# (`shuffle=False`). Layers, shapes and the order of the gates are Keras's, so its weights go in as
# they are:

# %%
start = [kept[f"start_{k}"] for k in range(5)]
model.set_weights(start)
history = model.fit(X_train, y_train, epochs=100, batch_size=32, shuffle=False, verbose=0)

mine, keras_loss = np.array(history.history["loss"]), kept["loss"]
print("        scratchrnn       Keras")
for epoch in (1, 2, 10, 50, 100):
    print(f"{epoch:>5}   {mine[epoch - 1]:.8f}   {keras_loss[epoch - 1]:.8f}")
print("largest difference over 100 epochs:", f"{np.abs(mine - keras_loss).max():.1e}")

# %%
fig, axes = plot.figure(6.6, 2.8, columns=2)
with plot.style():
    axes[0].plot(keras_loss, color=plot.OKABE_ITO["sky"], linewidth=5, label="Keras")
    axes[0].plot(mine, color="black", linewidth=1.2, label="scratchrnn")
    axes[0].set(xlabel="epoch", ylabel="loss")
    axes[0].legend()
    axes[1].plot(np.abs(mine - keras_loss), color="black", linewidth=1.2)
    plot.log_axis(axes[1])
    axes[1].set(xlabel="epoch", ylabel="difference of the losses")
fig.describe("Left: the loss over 100 epochs, a thick light line for Keras and a thin black one "
             "for scratchrnn exactly on it. Right: their difference, which stays below ten to the "
             "minus five.")

# %% [markdown]
# Two independent programs, one of them written by hand, follow each other through 500 updates, in
# float32. What is left is rounding: sums in another order. That is the strongest test there is of
# forward pass, backward pass, loss and optimizer *together*; a wrong factor anywhere would be
# visible after a few epochs.
#
# Where Keras is installed, do not take the stored numbers on trust:

# %%
import importlib.util
import os

backends = [name for name in ("jax", "torch", "tensorflow") if importlib.util.find_spec(name)]
if importlib.util.find_spec("keras") and backends:
    os.environ.setdefault("KERAS_BACKEND", backends[0])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    theirs = keras.Sequential([keras.Input((1, 1)), keras.layers.LSTM(50), keras.layers.Dense(1)])
    theirs.compile(optimizer="adam", loss="mse")
    theirs.set_weights(start)
    live = theirs.fit(X_train, y_train, epochs=100, batch_size=32, shuffle=False, verbose=0)
    difference = np.abs(mine - np.array(live.history["loss"])).max()
    print(f"Keras {keras.__version__} here, largest difference: {difference:.1e}")
else:
    print("Keras is not installed here: the stored numbers have to do")

# %% [markdown]
# ## What the program does, read slowly
#
# ### 1. There is no sequence in it
#
# `X_train` is (159, 1, 1): every "sequence" has **one** step. The state begins at zero, one step
# is made, and the state is thrown away. Put $h_0 = 0$ and $c_0 = 0$ into the equations of tutorial
# 4: $h_0 W_h = 0$, so **$W_h$ has no effect**, and $f \odot c_0 = 0$, so **the forget gate has no
# effect**. Their gradients are exactly zero, and a hundred epochs later these weights are what
# they were:

# %%
print("X_train:", X_train.shape)
before, after = start[1], model.get_weights()[1]
print("W_h has changed by", np.abs(after - before).max())
H = 50
for letter, k in zip("ifgo", range(4), strict=True):
    change = np.abs(model.get_weights()[0] - start[0])[:, k * H : (k + 1) * H].max()
    print(f"W_x of gate {letter} has changed by {change:.3f}")

# %% [markdown]
# 10 000 of the 10 451 weights sit in $W_h$. The "recurrent network" is a small feedforward network
# from one number to the next.
#
# ### 2. The targets fit the model by accident
#
# The target of step i is `train_data[i + 1]`, a whole element of the series. The model's output is
# **one** number, `Dense(1)`. For an element of shape (1, 1) that is the same. Suppose now that
# `data` is what the heading says, features of video frames: windows of 5 steps with 3 features.
# Then the targets are (5, 3), and the model still says one number:

# %%
features = np.random.default_rng(0).normal(size=(40, 5, 3))
wrong = Sequential([LSTM(50, input_shape=(5, 3)), Dense(1)])
wrong.compile(optimizer="adam", loss="mse")
try:
    wrong.fit(features[:-1], features[1:], verbose=0)
except ValueError as error:
    print(error)

# %% [markdown]
# A refusal is the *good* case. With windows (5, 1), Keras 3 drops the last axis of the targets,
# broadcasts (32, 1) against (32, 5), and trains without a word: the one output is pulled toward
# the mean of five values. This library refuses both. **What is right:** decide what is to be
# predicted. One number after a window: `y` of shape (N, 1). The next element of every step:
# `return_sequences=True` and `y` of shape (N, T, D), with `Dense(D)`. A class: `Dense(C,
# "softmax")` and `y` of shape (N,), integers.
#
# ### 3. The accuracy asks whether real numbers are equal

# %%
test_X = np.array([test_data[i] for i in range(len(test_data) - 1)])
predictions = model.predict(test_X, verbose=0)
accuracy = np.mean(predictions == test_data[1:])
print("Accuracy:", accuracy)
print("predictions:", predictions.shape, "  targets:", test_data[1:].shape,
      "  compared:", (predictions == test_data[1:]).shape)

# %% [markdown]
# Two mistakes in one line. *Equality* of two real numbers that were computed in different ways is
# a matter of luck: this "accuracy" is 0 for a bad forecast and 0 for an excellent one. And the
# shapes are (39, 1) and (39, 1, 1), which NumPy broadcasts to (39, 39, 1): every prediction is
# compared with *every* target, 1521 comparisons. Nothing complains. **What is right:** accuracy
# belongs to classes. For numbers report an error, in the unit of the series, and compare arrays of
# the *same* shape:

# %%
targets = test_data[1:, 0]  # (39,1), like the predictions
assert predictions.shape == targets.shape
print(f"mean absolute error: {np.abs(predictions - targets).mean():.3f}")
print(f"of repeating the last value: {np.abs(test_X[:, 0] - targets).mean():.3f}")

# %% [markdown]
# Is that good? Look at the second line: *persistence*, saying "the same as now", costs nothing,
# needs no network, and is *better* here than what a hundred epochs have found.
#
# ### 4. It is not a video classifier
#
# The section promises "a simple video classification example". There is no video in it, no class
# and no classification: it is a regression. `Dropout` is imported and not used. The program that
# classifies video files is [tutorial 9](09_video_classification.ipynb).
#
# ## The program that it wanted to be
#
# Windows of a series in, the next value out. What differs, and why:
#
# * a **window of 20 values** goes in, so that there is something to remember;
# * the split is in time (that was right) and is made **before** windows are cut and **before**
#   anything is scaled: no test value is seen in training, neither as a target nor through the
#   mean;
# * the error is a mean absolute error in the series' own unit, beside two forecasts that cost
#   nothing: **persistence**, and **linear regression** on the same window, solved by least squares
#   in one line.

# %%
WINDOW = 20
rng = np.random.default_rng(0)
t = np.arange(1200)
series = 10 + 3 * np.sin(t / 8) + 2 * np.sin(t / 3.1) + 0.2 * rng.normal(size=len(t))

cut = int(len(series) * 0.8)
train, test = series[:cut], series[cut:]
mean, spread = train.mean(), train.std()  # of the training part alone


def windows(part):
    """Cut (n,) into inputs (n - WINDOW, WINDOW, 1) and the value after each, (n - WINDOW, 1)."""
    x = np.lib.stride_tricks.sliding_window_view(part[:-1], WINDOW)
    return x[:, :, None].copy(), part[WINDOW:, None].copy()


x_train, y_train = windows((train - mean) / spread)
x_test, y_test = windows((test - mean) / spread)

model = Sequential([LSTM(32, input_shape=(WINDOW, 1), seed=0), Dense(1, seed=1)])
model.compile(optimizer="adam", loss="mse")
model.fit(x_train, y_train, epochs=20, batch_size=32, verbose=0, seed=0)

design = np.hstack([x_train[:, :, 0], np.ones((len(x_train), 1))])
weights = np.linalg.lstsq(design, y_train, rcond=None)[0]
forecasts = {
    "LSTM": model.predict(x_test, verbose=0),
    "linear": np.hstack([x_test[:, :, 0], np.ones((len(x_test), 1))]) @ weights,
    "persistence": x_test[:, -1],
}
errors = {name: spread * np.abs(f - y_test).mean() for name, f in forecasts.items()}
plot.bars(errors, ylabel="mean absolute error", title="the last fifth of the series",
          reference=(0.2 * np.sqrt(2 / np.pi), "noise alone")).describe(
    "Mean absolute error of three forecasts on the test part: persistence is far worse than the "
    "LSTM and the linear regression, and the linear regression is at least as good as the LSTM; "
    "a dashed line marks the error that the noise alone causes."
)

# %% [markdown]
# The LSTM beats persistence by far. And linear regression beats the LSTM: the series *is* a sum of
# two waves and noise, and a sum of waves satisfies a linear recurrence exactly. No forecast can
# get below the dashed line, since the noise of the next value is in nobody's past. A recurrent
# network is worth its cost where the rule is *not* linear, or the memory longer than any window.
# Without the two cheap forecasts beside it you would not know.

# %%
fig, ax = plot.figure(6.4, 2.6)
shown = slice(0, 80)
truth = mean + spread * y_test[shown, 0]
with plot.style():
    ax.plot(truth, color="black", linewidth=3, alpha=0.3, label="truth")
    for k, (name, forecast) in enumerate(forecasts.items()):
        ax.plot(mean + spread * forecast[shown, 0], **plot.line(name, k), label=name)
    ax.set(xlabel="step of the test part", ylabel="value")
    fig.legend(loc="outside lower center", ncols=4)
fig.describe("Eighty steps of the test part: the true series, and three forecasts of the next "
             "value. LSTM and linear regression lie on it, persistence runs one step late.")

# %% [markdown]
# ## On your own
#
# 1. Give `data` the shape (200, 5, 1) in the document's program and run it in Keras, if you have
#    it. What does the model learn? Show it with a series that you can predict by hand.
# 2. Scale with the mean of *all* data instead. How much does the test error change here? When
#    would it be much?
# 3. Predict 30 steps ahead by feeding each forecast back in. Which of the three forecasts degrades
#    fastest?
# 4. Find a series on which the LSTM beats the linear regression clearly. (Multiply the two waves.
#    Or threshold them.)
# 5. Shuffle the windows before splitting into training and test. The test error falls. Why is that
#    no success?
#
# ## In practice
#
# * Before training: print shapes. After training: compare with persistence, the mean, a linear
#   model.
# * `x.shape[1] == 1` in a recurrent model is almost always a mistake.
# * Comparing with another framework from the same weights is worth an afternoon: it finds in one
#   run what unit tests find in a month. `tests/test_training_keras.py` does it for every kind of
#   run.
#
# ## Further reading
#
# * The source document, section 4; `tests/programs/source_document_section_4.txt` holds its
#   program letter by letter.
# * R. J. Hyndman, G. Athanasopoulos, *Forecasting: Principles and Practice*: baselines, and errors
#   that mean something.
# * `tests/reference/histories_keras.py`: how the stored numbers were made.
#
# Next: [9. Video classification](09_video_classification.ipynb).
