# %% [markdown]
# # 11. Tracking through occlusion, and who is it?
#
# ## What you'll do
#
# Follow an object through a clip in which it disappears behind a pillar, with a network that
# remembers and with one that does not, and measure what the memory is worth. Then teach a network
# to recognise people by their walk, and try it on people whom it has never met.
#
# ## What you'll learn
#
# * how boxes are compared (IoU), and a loss for a box that is not always there;
# * why comparing two models takes the same input, about the same size and the same training;
# * embeddings: learning from some people what tells *other* people apart, by classification or by
#   triplets;
# * verification (ROC, equal error rate) and identification (rank 1), written in a few lines each.
#
# ## What you'll need
#
# [Tutorial 5](05_gru.ipynb) and [tutorial 6](06_training.ipynb). Under a minute. Everything is
# rendered here, so the truth is exact, also where nothing is to be seen.

# %%
import numpy as np

from scratchrnn import plot
from scratchrnn.losses import BoxAndPresence, TripletLoss
from scratchrnn.recognition import (
    equal_error_rate,
    match_curve,
    pair_scores,
    render_walks,
    roc,
    train_embedder,
    train_frame_embedder,
)
from scratchrnn.tracking import (
    Tracker,
    box_iou,
    hold_last,
    render_clips,
    score_track,
    sightings,
    train_eye,
    train_head,
)

# %% [markdown]
# ## A thing that goes out of sight
#
# In each clip an orange ellipse with a pale core crosses the picture. Other things share its
# colour *or* its core; a pillar stands in its way, just so wide that it is hidden for four to
# seven frames. It may also enter late, leave, or never come.

# %%
clips, tested = render_clips(250, seed=0), render_clips(100, seed=1)
print("frames ", clips.frames.shape, clips.frames.dtype)
print("boxes  ", clips.boxes.shape, " (cx, cy, w, h), shares of the picture")
print("present", clips.present.shape, f" in {100 * clips.present.mean():.0f} % of the frames")
print("hidden ", clips.hidden.shape, f" in {100 * clips.hidden.mean():.0f} % of the frames")

large = render_clips(6, seed=1, size=96, noise=0.01)  # the first test clips, for looking at
k = 2
plot.film_strip(large.frames[k], every=2).describe(
    "Sixteen frames of a clip in a row: an orange ellipse with a pale core moves behind a broad "
    "bar, is not to be seen for some frames, and comes out on the other side"
)

# %% [markdown]
# ## How good is a box?
#
# By how much of the two boxes is common to both, the *intersection over union*
#
# $$ \mathrm{IoU}(A, B) = \frac{|A \cap B|}{|A| + |B| - |A \cap B|}. \tag{1} $$
#
# 1 is perfect, 0 is apart. It is a hard measure: two boxes of equal size, one shifted by half its
# width, have an IoU of 1/3 only.

# %%
def iou(a, b):
    """a, b (4,): cx, cy, w, h."""
    low = np.maximum(a[:2] - a[2:] / 2, b[:2] - b[2:] / 2)
    high = np.minimum(a[:2] + a[2:] / 2, b[:2] + b[2:] / 2)
    common = np.prod(np.clip(high - low, 0, None))  # boxes apart: nothing, not a product of minuses
    return common / (a[2:].prod() + b[2:].prod() - common)  # (1)


box = np.array([0.5, 0.5, 0.2, 0.2])
for shift in (0.0, 0.05, 0.1, 0.2, 0.3):
    moved = box + np.array([shift, 0, 0, 0])
    print(f"shifted by {shift:.2f}: IoU {iou(box, moved):.3f}, library {box_iou(box, moved):.3f}")

# %% [markdown]
# ## A loss for a box that is not always there
#
# Two questions a frame: is it there, and where? Presence is a yes or no, so it gets a logit $a$ and
# cross-entropy; the box $b$ gets a smooth absolute error, but *only where there is a box*. With $p$
# the true presence and $e = \hat b - b$,
#
# $$ l = \lambda\, p \sum_{k=1}^4 s(e_k) + \max(a, 0) - a p + \log(1 + e^{-|a|}), \qquad
#    s(e) = \begin{cases} e^2 / 2\delta & |e| \le \delta \\ |e| - \delta/2 & \text{else,}
#    \end{cases} \tag{2} $$
#
# $$ \frac{\partial l}{\partial \hat b_k} = \lambda\, p\,
#    \frac{\operatorname{clip}(e_k, -\delta, \delta)}{\delta}, \qquad
#    \frac{\partial l}{\partial a} = \sigma(a) - p. \tag{2'} $$
#
# Where $p = 0$ the box has no gradient: the network may say what it likes. Without that factor it
# would learn a box for things that are not there, (0, 0, 0, 0) most likely, and that would pull at
# all the others.

# %%
rng = np.random.default_rng(11)
lam, delta = 5.0, 0.05
truth = np.concatenate([rng.uniform(0.2, 0.8, (3, 4)), [[1.0], [1.0], [0.0]]], axis=1)
guess = truth + rng.normal(0, 0.1, truth.shape)

e, a, p = guess[:, :4] - truth[:, :4], guess[:, 4], truth[:, 4]
by_hand = np.concatenate(
    [lam * p[:, None] * np.clip(e, -delta, delta) / delta, (1 / (1 + np.exp(-a)) - p)[:, None]],
    axis=1,
)  # (2')
loss = BoxAndPresence(delta=delta, box_weight=lam, reduction="sum")
step = 1e-6 * np.eye(15).reshape(15, 3, 5)
numeric = [(loss(truth, guess + s) - loss(truth, guess - s)) / 2e-6 for s in step]
theirs = loss.gradient(truth, guess)
print(f"by hand against the library: {np.abs(by_hand - theirs).max():.0e}")
print(f"by hand against differences: {np.abs(by_hand.ravel() - numeric).max():.0e}")
print("any gradient on the box that is absent:", bool(theirs[2, :4].any()))

# %% [markdown]
# ## One eye for both
#
# To learn what a *memory* is worth, everything else has to be equal. So both trackers see with the
# same eye: a small convolutional network that looks at one frame and says, for each of 8 × 8 cells,
# whether the object's centre is near and where. Cells add up to five numbers a frame: a box and a
# confidence. The loss is (2) again, a cell at a time. (The eye is not told anything about pillars,
# and never sees two frames.)

# %%
eye = train_eye(clips, epochs=8, seed=0)
eye.summary()
seen, seen_in_tests = sightings(eye, clips.frames), sightings(eye, tested.frames)  # (N,T,5)
print("sure, when more than half shows:", seen_in_tests[tested.visible > 0.5, 4].mean().round(2))
print("sure, when it is hidden:        ", seen_in_tests[tested.hidden, 4].mean().round(2))

# %% [markdown]
# ## With a memory, and without
#
# Both heads get these five numbers and answer with five: box and logit. One is a GRU, the other
# dense layers that see one frame at a time, with as many weights, as many updates and the same
# loss. A third contender needs no training: repeat the eye's last sure sighting.
#
# A scene in a mirror, turned on its diagonal, or played backwards is as good a scene as before, so
# every clip is used sixteen times. Without this trick the GRU learns 250 clips by heart.

# %%
trackers = {
    name: Tracker(eye, train_head(recurrent, seen, clips.targets, units=64, epochs=15, seed=0))
    for name, recurrent in (("GRU", True), ("frame by frame", False))
}
tracks = {name: tracker.track_sightings(seen_in_tests) for name, tracker in trackers.items()}
tracks["keep the last"] = hold_last(seen_in_tests)
scores = {name: score_track(track, tested) for name, track in tracks.items()}
for name, s in scores.items():
    size = f"{trackers[name].head.count_params():,}" if name in trackers else "no"
    print(f"{name:15} {size:>7} weights   IoU: in sight {s.visible:.2f}, hidden {s.hidden:.2f}")

# %%
fig, ax = plot.figure(5, 3.2)
with plot.style():
    for index, (name, s) in zip((0, 1, 3), scores.items(), strict=True):
        ax.plot(np.arange(1, 9), s.by_age, **plot.line(name, index), marker="o", label=name)
    ax.set(xlabel="frames since it went out of sight", ylabel="mean IoU", ylim=(0, 1))
    ax.legend()
fig.describe(
    "Mean IoU over the number of frames that the object has been hidden. The GRU begins highest "
    "and falls slowly; frame by frame is low throughout; keeping the last box falls to zero"
)

# %% [markdown]
# In sight, all three are alike: what is there is seen by the eye, and memory adds nothing. Out of
# sight they part. *Frame by frame* says the same whenever nothing is to be seen: the box that is
# least wrong on average. *Keep the last* is right for a moment, until the object has moved on by
# its own width. The GRU has kept place *and velocity*, and goes on.
#
# On one clip of the test set:

# %%
boxes = {plot.TRUTH: np.where(large.present[k, :, None], large.boxes[k], np.nan)}
overlap = {}
for name, tracker in trackers.items():
    track = tracker.track(large.frames[k])
    boxes[name] = np.where(track.presence[:, None] > 0.5, track.boxes, np.nan)
    overlap[name] = np.where(large.present[k], box_iou(track.boxes, large.boxes[k]), np.nan)
plot.box_strip(large.frames[k], boxes, scores=overlap, hidden=large.hidden[k]).describe(
    "Nine frames of a clip with three boxes each: the true one, the GRU's and that of the network "
    "without a memory. Below, both networks' IoU over time: while the object is out of sight the "
    "GRU's line stays well above the other, which drops to about zero"
)

# %% [markdown]
# ## Who is it?
#
# Now people. Each has a gait: how often they step, how far legs and arms swing, what happens when
# in the step. Every clip is another walk of the same gait: another beginning, pace, size, place,
# tilt, ground and light. Two clips of one person, one of another:

# %%
people = render_walks(60, 8, seed=0)  # to learn from
strangers = render_walks(25, 8, seed=0, first=60)  # other people
shown = render_walks(2, 2, seed=0, first=60, size=(96, 72)).frames
rows = [np.concatenate(list(clip[:24:2]), axis=1) for clip in shown[:3]]
fig, ax = plot.figure(8, 3.4)
ax.imshow(np.concatenate(rows, axis=0), cmap="gray", aspect="equal")
ax.set_axis_off()
fig.describe(
    "Three rows of twelve frames: walkers seen from the side. The first two rows are the same "
    "person in different size and light, the third is somebody else"
)

# %% [markdown]
# ## Embeddings
#
# We do not want to name the sixty people of the training set. We want a function from clips to
# vectors, an *embedding* $e$, in which clips of one person are close, *whoever it is*. There are
# two ways to get it.
#
# **By classification.** Put a softmax over the sixty people on top, train it, and throw it away. To
# tell sixty people apart the layer below has to know what makes gaits differ, and that serves for
# others too.
#
# **By triplets.** Ask for it directly: an anchor $i$ should be closer to a clip $p$ of the same
# person than to a clip $n$ of anybody else, by a margin $m$. With $u = e/\|e\|$ and
# $d_{ij} = \|u_i - u_j\|^2$,
#
# $$ l_i = \operatorname*{mean}_{p, n} \max(0,\; m + d_{ip} - d_{in}). \tag{3} $$
#
# Each triplet above zero pulls $p$ nearer and pushes $n$ away, and a batch of 64 clips with four of
# each person holds more than eleven thousand of them.

# %%
labels, embeddings = np.repeat([0, 1, 2], 3), rng.normal(size=(9, 4))
u = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
d = ((u[:, None] - u) ** 2).sum(axis=-1)
same = labels[:, None] == labels
terms = [
    [max(0, 0.3 + d[i, p] - d[i, n]) for p in np.flatnonzero(same[i]) if p != i
     for n in np.flatnonzero(~same[i])] for i in range(9)
]
print(f"by hand {np.mean(terms):.9f}, library {TripletLoss(0.3)(labels, embeddings):.9f}")

# %% [markdown]
# Beside them stands a network that sees *one frame*, trained by classification like the first. It
# knows postures, but not how one leads to the next.

# %%
by_class = train_embedder(people, way="classification", epochs=18, seed=0)
by_triplets = train_embedder(people, way="triplets", epochs=36, seed=0)
told = {
    "GRU, classification": by_class.embed(strangers.frames),
    "GRU, triplets": by_triplets.embed(strangers.frames),
}
still = train_frame_embedder(people, epochs=6, seed=0)
chosen = rng.integers(0, strangers.frames.shape[1], len(strangers.frames))
told["one frame"] = still.embed(strangers.frames[np.arange(len(chosen)), chosen])
print({name: e.shape for name, e in told.items()})

# %% [markdown]
# ## Verify: the same person or not?
#
# For every pair of clips the cosine of their embeddings is a score. Say "the same" where it is at
# or above a threshold θ, and two things can go wrong: a stranger is accepted, or the right person
# is refused. Moving θ trades one for the other:
#
# $$ \mathrm{FAR}(\theta) = P(\text{score} \ge \theta \mid \text{different}), \qquad
#    \mathrm{TAR}(\theta) = P(\text{score} \ge \theta \mid \text{same}). \tag{4} $$
#
# TAR over FAR is the *ROC*. One number that sums it up is the *equal error rate*: where
# FAR = 1 − TAR. It does not depend on how many pairs of either kind there are, which an accuracy
# would: more than 96 % of our pairs are of different people, so that saying "never the same" would
# be right in more than 96 %.

# %%
def crude_equal_error_rate(same, scores):
    """Try every score as a threshold; the library draws lines between the steps."""
    rates = [((scores[~same] >= t).mean(), (scores[same] < t).mean()) for t in scores[same]]
    return np.mean(min(rates, key=lambda pair: abs(pair[0] - pair[1])))


fig, ax = plot.figure(4.6, 3.8)
with plot.style():
    ax.plot([0, 1], [1, 0], color="#999999", linewidth=0.8, linestyle="--")
    for index, (name, e) in enumerate(told.items()):
        same, cosines = pair_scores(e, strangers.people)
        curve, rate = roc(same, cosines), equal_error_rate(same, cosines)
        print(f"{name:20} EER {100 * rate:4.1f} %, crudely "
              f"{100 * crude_equal_error_rate(same, cosines):4.1f} %, area {curve.area:.3f}")
        ax.plot(curve.false_acceptance, curve.true_acceptance, **plot.line(name, index), label=name)
        ax.plot(rate, 1 - rate, "o", color=plot.color(name, index))
    ax.set(xlabel="strangers accepted (FAR)", ylabel="people recognised (TAR)")
    ax.legend(loc="lower right")
fig.describe(
    "ROC curves. Both GRUs rise steeply to the upper left corner, the network that sees one frame "
    "stays near the diagonal; a dot marks the equal error rate of each"
)

# %% [markdown]
# None of these people was in the training set. A single frame of somebody says little about who it
# is; the way they move says nearly everything.
#
# ## Identify: who is it?
#
# Keep one clip of every stranger in a *gallery*. For each other clip, rank the gallery by cosine.
# *Rank 1* is the share of clips whose true person comes first.

# %%
first = np.unique(strangers.people, return_index=True)[1]
rest = np.setdiff1d(np.arange(len(strangers.people)), first)
who = strangers.people
for name, e in told.items():
    u = e / np.linalg.norm(e, axis=1, keepdims=True)
    by_hand = (who[first][(u[rest] @ u[first].T).argmax(axis=1)] == who[rest]).mean()
    curve = match_curve(e[first], who[first], e[rest], who[rest])
    assert abs(curve[0] - by_hand) < 1e-9
    print(f"{name:20} rank 1: {100 * curve[0]:5.1f} %   rank 5: {100 * curve[4]:5.1f} %")
print(f"guessing             rank 1: {100 / len(first):5.1f} %")

# %% [markdown]
# Sixty people are not many, and it shows if there are fewer. The nine speakers of the
# *JapaneseVowels* data are a warning: with all nine known, a bidirectional GRU names 98.6 % of new
# recordings rightly; but learn from six of them and verify the other three, and the mean of the
# coefficients over time does as well as the network (equal error rates about 15 and 18 %). Six
# speakers are too few to learn what makes speakers differ, whatever the network.
#
# ## On your own
#
# 1. Take the velocity away: shuffle the frames of the tracker's clips (in both sets) and train
#    again. What does the GRU still know out of sight, and why is it not nothing?
# 2. Make `hold_last` move on with the velocity of the last two sure sightings. How much of the gap
#    does this close, and in which clips does the GRU remain better?
# 3. Derive $\partial l_i / \partial e$ of (3): first to $d$, then to $u$, then through the
#    normalisation. Check it by differences. (The answer is in `scratchrnn/losses/triplet.py`.)
# 4. Train with 15, 30, 60 and 120 people and draw the equal error rate over their number. Keep the
#    number of *clips* equal: is it people or clips that count?
# 5. Show that a frame's embedding averaged over the whole clip is better than a single frame, and
#    still far from the GRU. What does the average still not know?
#
# ## In practice
#
# * Report the plain baselines beside the network: the last box kept, the average, the single frame.
#   They cost nothing and say how much of a figure is due to the memory.
# * Split by *person*, never by clip: with clips of one person on both sides the test asks another
#   question. `scratchrnn.video.grouped_split` does it for your own files.
# * A threshold is part of a verifier. Choose it on data that is neither for training nor for tests,
#   and by what each of the two errors costs.
# * The pages of it all, with animations: `scratchrnn demo --task tracking` and
#   `scratchrnn demo --task walkers`; and actions named frame by frame, under a stick figure drawn
#   from motion capture: `scratchrnn demo --task actions --data FILE`.
#
# ## Further reading
#
# * R. Girshick, "Fast R-CNN", *ICCV* 2015 (the smooth absolute error of boxes).
# * P. Ondruska, I. Posner, "Deep tracking: seeing beyond seeing using recurrent neural networks",
#   *AAAI* 2016.
# * F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet: a unified embedding for face recognition and
#   clustering", *CVPR* 2015; A. Hermans, L. Beyer, B. Leibe, "In defense of the triplet loss for
#   person re-identification", arXiv:1703.07737 (2017).
# * M. Kudo, J. Toyama, M. Shimbo, "Multidimensional curve classification using passing-through
#   regions", *Pattern Recognition Letters* 20 (1999) (the nine speakers).
#
# Next: [12. Opening the box](12_opening_the_box.ipynb).
