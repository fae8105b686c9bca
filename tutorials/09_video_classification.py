# %% [markdown]
# # 9. Video classification from files
#
# ## What you'll do
#
# Go the whole way from video files in folders to a network that says what a new file shows: read
# frames in a stream, turn each into a few numbers, see where a baseline fails, train a GRU on
# sequences of unequal length, watch it make up its mind, save it and ask it again. The clips are
# rendered here, so that you need no data; put your own folder in their place.
#
# ## What you'll learn
#
# * why a clip is never held in memory as a whole, and what a reader has to put up with;
# * the five lines between a frame and the D numbers of a step, (1) to (5) of
#   `scratchrnn/video/features.py`;
# * what a baseline that is blind to order can do, and what it cannot;
# * how clips of unequal length share a batch, and how a data set streams them;
# * the same from the command line, in one line.
#
# ## What you'll need
#
# Tutorial 5 (the GRU) and tutorial 6 (masks, training). `pip install -e ".[tutorials]"` brings
# PyAV, which decodes the files. This tutorial takes less than a minute.

# %%
import tempfile
from pathlib import Path

import numpy as np

from scratchrnn import plot
from scratchrnn.classify import ClipClassifier, build_network, mean_over_time
from scratchrnn.demo.shapes import motion_classes, write_shape_clips
from scratchrnn.explain import running_prediction
from scratchrnn.video import FrameFeatures, VideoError, VideoFolder, load_clips, read_frames, split

# %% [markdown]
# ## A folder of clips
#
# One folder a class, files in it: that is all the structure there is. Our six classes differ in
# how a shape moves, and in nothing else: its form, colour, size, place and speed, the background
# and the number of frames are drawn anew for every clip. No single frame tells the class.

# %%
home = Path(tempfile.mkdtemp())
motions = ("left", "right", "clockwise", "anticlockwise", "shake", "nod")
write_shape_clips(home / "clips", motion_classes(*motions), clips=40, seed=0)
for folder in sorted((home / "clips").iterdir()):
    files = sorted(folder.iterdir())
    size = sum(file.stat().st_size for file in files)
    print(f"{folder.name + '/':16} {len(files)} files, {size / len(files) / 1024:.1f} kB each")

# %% [markdown]
# ## Reading: a stream, not an array
#
# A file of ten minutes at 1280 × 720 is 18 000 frames of 2.8 MB: 50 GB, if it were an array.
# `read_frames` decodes one frame at a time, on the way to whoever asks for it, and scales it while
# it is decoded. Nothing is decoded that is not needed.

# %%
path = home / "clips" / "clockwise" / "003.mp4"
reader = read_frames(path)
print(f"{reader.size[0]} x {reader.size[1]} pixels, {reader.fps:g} frames a second")
frames = np.stack(list(reader))
print("frames:", frames.shape, frames.dtype)
print("every third, grey, small:", [f.shape for f in read_frames(path, stride=3, gray=True,
                                                                 size=(12, 16))])
plot.film_strip(frames, title="clockwise/003.mp4").describe(
    "Sixteen frames of a clip in a row: a yellow triangle goes round clockwise before a dark ground"
)

# %% [markdown]
# Files from the world are turned by 90°, damaged in the middle, no video at all. What is turned
# comes out upright; the rest is an error that names the file and says how far it went, or, where
# you ask for it, the frames before the damage. Nothing is skipped in silence.

# %%
whole, broken = path.read_bytes(), home / "broken.mp4"
half, hole = len(whole) // 2, bytes(len(whole) // 6)
for name, content in {
    "a hole in the middle": whole[:half] + hole + whole[half + len(hole) :],
    "a letter, not a film": b"Dear all, ...",
}.items():
    broken.write_bytes(content)
    try:
        list(read_frames(broken))
    except VideoError as error:
        print(f"{name}: {str(error).removeprefix(str(home))[1:]}")
        if error.frames_read:
            print("    before it:", len(list(read_frames(broken, on_error="truncate"))), "frames")

# %% [markdown]
# ## From a frame to D numbers
#
# A recurrent network takes a vector a step. 48 · 64 · 3 = 9216 numbers would do, and would learn
# every clip by heart. Three observations make them few:
#
# * *where* something is matters more than how it looks: average the frame over h × w areas,
#   giving $a_t$ (1);
# * what never moves says nothing about motion: take the mean picture of the clip out,
#   $b_t = a_t - \frac{1}{T} \sum_s a_s$ (2), and divide by the standard deviation, giving $c_t$
#   (3), so that bright and dark clips look alike;
# * motion is what changes: append $m_t = c_t - c_{t-1}$ (4).
#
# Where classes differ in what stands still, `appearance=` appends the picture itself (5).

# %%
features = FrameFeatures(size=(6, 8))
x = features(frames)
print("x:", x.shape, "= (T, 2 · 6 · 8)")
c, m = np.moveaxis(x.reshape(-1, 6, 8, 2), -1, 0)  # the two stand side by side in every cell
shown = range(0, len(frames), 3)
fig, axes = plot.figure(7.5, 3.0, rows=3, columns=len(shown))
with plot.style():
    for column, t in enumerate(shown):
        axes[0, column].imshow(frames[t])
        for row, picture in ((1, c[t]), (2, m[t])):
            axes[row, column].imshow(picture, cmap=plot.SIGNED_MAP, vmin=-3, vmax=3)
        axes[0, column].set_title(f"frame {t + 1}", fontsize=8)
    for ax in axes.flat:
        ax.set_xticks([])
        ax.set_yticks([])
    for row, name in enumerate(("frame", "c, eq. (3)", "m, eq. (4)")):
        axes[row, 0].set_ylabel(name, fontsize=8)
fig.describe("Every third frame of a clip, under it the same as 6 by 8 cells with the mean taken "
             "out, under that the change since the frame before: a bright and a dark spot that "
             "circle")

# %% [markdown]
# ## A batch of unequal clips
#
# `load_clips` reads a folder, pads every clip to the longest and says in a mask which steps are
# real (tutorial 6). A quarter of every class is held out: by it alone we judge.

# %%
clips = load_clips(home / "clips", features)
print("x:", clips.x.shape, " mask:", clips.mask.shape, " lengths:", np.unique(clips.lengths))
trained, held_out = split(clips, test_fraction=0.25, seed=0)
print(f"{len(trained)} clips to learn from, {len(held_out)} held out")

# %% [markdown]
# ## First a baseline
#
# What can be told without knowing the order of the frames? Average the features over time and put
# a softmax on top. With $c_t$ alone the average is zero: (2) has seen to that. With $m_t$ it is
# $(c_{T-1} - c_0)/T$, for the sum telescopes. That is the last picture less the first: enough
# to tell left from right, and useless for what returns to where it was.

# %%
def accuracy(network, part, x=None):
    """Share of clips that are classified right."""
    said = network.predict(part.x if x is None else x, mask=part.mask if x is None else None,
                           verbose=0)  # fmt: skip
    return (said.argmax(axis=1) == part.y).mean()


D, C = clips.x.shape[-1], len(clips.class_names)
baseline = build_network("mean", D, C, learning_rate=0.05)
baseline.fit(mean_over_time(trained.x, trained.mask), trained.y, epochs=60, verbose=0, seed=0)
blind = mean_over_time(held_out.x, held_out.mask)
results = {"mean over time": 100 * accuracy(baseline, held_out, blind)}
plot.confusion_matrix(
    held_out.y, baseline.predict(blind, verbose=0).argmax(axis=1), clips.class_names,
    title="mean over time",
).describe(
    "Confusion matrix of the mean over time: left and right are always told apart, the other four "
    "classes are taken for one another"
)  # fmt: skip

# %% [markdown]
# ## A GRU
#
# 48 units read the 96 numbers of every step and judge by their last state. The mask sees to it
# that padding is never read. Then the same network from both ends: `bidirectional=True` runs a
# second GRU backwards through the clip and judges by the mean of all states.

# %%
networks = {}
for name, both in (("GRU", False), ("from both ends", True)):
    epochs = 25
    network = build_network("gru", D, C, units=48, bidirectional=both, dropout=0.2,
                            learning_rate=0.01, decay_steps=epochs * 6, seed=1)  # fmt: skip
    network.fit(trained.x, trained.y, mask=trained.mask, epochs=epochs, verbose=0, seed=0)
    networks[name] = network
    results[name] = 100 * accuracy(network, held_out)
plot.bars(results, ylabel="held-out clips right (%)", reference=(100 / C, "guessing")).describe(
    "Bars: share of held-out clips classified right, lowest for the mean over time"
)

# %% [markdown]
# ## When does it know?
#
# A recurrent network can be asked after every frame. It was trained on whole clips, so in the
# middle it answers as though the clip ended there.

# %%
network = networks["GRU"]
index = int(np.flatnonzero(held_out.y == clips.class_names.index("shake"))[0])
steps = int(held_out.lengths[index])
belief = running_prediction(network, held_out.x[index : index + 1, :steps])[0]  # (T, C)
plot.film_strip(
    np.stack(list(read_frames(held_out.paths[index]))), belief, clips.class_names,
    truth=int(held_out.y[index]),
).describe(
    "The frames of a clip of the class shake and the probability of each class after each of them: "
    "for four frames right is likeliest, from the fifth on shake"
)  # fmt: skip

# %% [markdown]
# The features of a frame are measured against the mean of the whole clip, (2): a little of what is
# to come is known at every step. `FrameFeatures(remove_mean=False, normalize=False)` sees the past
# only.
#
# ## More clips than memory holds
#
# `VideoFolder` reads clips as they are needed, in a thread, while the network learns. It shuffles,
# puts clips of about one length into a batch, and gives what `fit` takes. Memory does not depend on
# the number of clips.

# %%
data = VideoFolder(home / "clips", features, batch_size=32, seed=0)
train_part, test_part = data.split(0.25, seed=0)
for batch in train_part:
    print("x", batch.x.shape, " padding", f"{100 * (1 - batch.mask.mean()):.0f} %")

# %%
streamed = build_network("gru", D, C, units=48, dropout=0.2, learning_rate=0.01, seed=1)
history = streamed.fit(train_part, epochs=6, validation_data=test_part, verbose=0).history
print("held-out accuracy by epoch:", [f"{100 * a:.0f} %" for a in history["val_accuracy"]])

# %% [markdown]
# ## Keep it, and ask it about a file
#
# A model without its features and the names of its classes is of no use. `ClipClassifier` keeps
# the three together, in one file.

# %%
ClipClassifier(network, features, clips.class_names).save(home / "motions.npz")
classifier = ClipClassifier.load(home / "motions.npz")
new = write_shape_clips(home / "new", motion_classes("nod", "left"), clips=2, seed=99)
files = sorted(new.rglob("*.mp4"))
for file, row in zip(files, classifier.predict(files), strict=True):
    print(f"{file.parent.name + '/' + file.name:14} {classifier.classes[row.argmax()]:14} "
          f"{row.max():.2f}")

# %% [markdown]
# ## The same in one line
#
#     scratchrnn train clips/                      an LSTM, a page about what it learned
#     scratchrnn train clips/ --model best         four bidirectional GRUs and augmentation
#     scratchrnn evaluate model.npz more-clips/
#     scratchrnn predict model.npz new.mp4
#
# `--model tiny` is a small GRU for a first look. `--model best` adds finer pictures, colours
# (5), and the augmentation of the next tutorial.
#
# ## On your own
#
# 1. Give the baseline $c_t$ alone (`FrameFeatures(difference=False)`). What is its accuracy, and
#    why exactly that?
# 2. Which classes does the GRU confuse when it sees every fourth frame only (`stride=4`)?
# 3. Make classes that differ in colour alone: `{"red": {"colour": "red"}, …}` in
#    `write_shape_clips`. Train with and without `appearance=(3, 4)`.
# 4. Play the held-out clips backwards (`held_out.x[:, ::-1]`, with the mask turned too, and mind
#    $m_t$). Which classes should change into which? Do they?
# 5. `scratchrnn.video.frame_network` learns its own features by convolution. Try it on
#    `FrameFeatures((12, 16), flatten=False)`. What does it cost?
#
# ## In practice
#
# * Look at your clips before anything else: as many as you can bear, at the size that the network
#   sees.
# * Split by *person* or *recording*, not by clip (`VideoFolder.split(groups=…)`): otherwise the
#   network may know the test's people already.
# * Start coarse (6 × 8), without augmentation, with a GRU of 48. If that fails, more pixels rarely
#   help; more clips do.
# * Report the interval, not the number alone: 57 of 60 is 95 %, give or take 6.
# * Keep features on disk (`cache=`) when decoding takes longer than learning.
#
# ## Further reading
#
# * M. Cooke, J. Barker, S. Cunningham, X. Shao, "An audio-visual corpus for speech perception and
#   automatic speech recognition", *JASA* 120 (2006): clips of people speaking, to try this on.
# * J. Donahue et al., "Long-term recurrent convolutional networks for visual recognition and
#   description", *CVPR* 2015.
# * J. Y.-H. Ng et al., "Beyond short snippets: deep networks for video classification", *CVPR*
#   2015.
# * M. Schuster, K. Paliwal, "Bidirectional recurrent neural networks", *IEEE Transactions on
#   Signal Processing* 45 (1997).
#
# Next: [10. Little data](10_little_data.ipynb).
