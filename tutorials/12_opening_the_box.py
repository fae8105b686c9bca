# %% [markdown]
# # 12. Opening the box: gates, saliency, integrated gradients, LIME, SHAP
#
# ## What you'll do
#
# Train a network on clips that you render yourself, look at its gates and at the path of its
# state, and ask in five ways what its answer rests on. Three of the five you write by hand. Then
# you catch a network that cheats.
#
# ## What you'll learn
#
# * when a recurrent network makes up its mind, and how to see it do so;
# * why the gradient answers another question than the one most people ask;
# * what integrated gradients and Shapley values promise (a sum that comes out), and what LIME
#   promises (a fit that can be measured);
# * how to test an explanation instead of admiring it.
#
# ## What you'll need
#
# [Tutorial 4](04_lstm.ipynb) or [5](05_gru.ipynb) for the gates. A quarter of a minute.

# %%
from itertools import combinations
from math import factorial

import numpy as np

import scratchrnn
from scratchrnn import explain, plot
from scratchrnn.demo.clips import CLASSES, render_family
from scratchrnn.layers import GRU, Dense, Input
from scratchrnn.models import Sequential
from scratchrnn.optimizers import Adam
from scratchrnn.utils import pad_sequences
from scratchrnn.video import FrameFeatures

scratchrnn.set_backend("numpy")

# %% [markdown]
# ## A black box
#
# The source document ends with three challenges. The third: deep models "are usually black boxes,
# which means that we cannot understand how the model decides", and it names LIME and SHAP as a
# way out. It stops there. Here is a black box to open.
#
# A disc visits three pads, top, left and right, and rests in the middle after each visit. The order
# of the pads is the class, so there are six. Each frame is averaged down to 8 × 8 cells, and these
# 64 numbers are what the network sees at a step.

# %%
features = FrameFeatures((8, 8), remove_mean=False, normalize=False, difference=False)


def render(families, seed):
    """Clips (T,32,32) of all classes, and their class numbers."""
    rng = np.random.default_rng(seed)
    rendered = [render_family(rng, size=32).values() for _ in range(families)]
    clips = [clip.mean(axis=3).astype(np.uint8) for family in rendered for clip in family]
    return clips, np.tile(np.arange(6), families)


def see(clips):
    """What a network sees: x (N,T,64), zeros behind short clips, and the mask (N,T)."""
    x = pad_sequences([features(clip) for clip in clips], dtype="float32", padding="post")
    return x, np.arange(x.shape[1]) < np.array([len(clip) for clip in clips])[:, None]


def train(clips, y):
    model = Sequential([Input((None, 64)), GRU(32, seed=1), Dense(6, "softmax", seed=2)])
    model.compile(Adam(0.005), "sparse_categorical_crossentropy", ["accuracy"])
    x, mask = see(clips)
    model.fit(x, y, epochs=25, mask=mask, seed=3, verbose=0)
    return model


def accuracy(model, clips, y):
    x, mask = see(clips)
    return model.evaluate(x, y, mask=mask, verbose=0)[1]


clips, y = render(60, seed=0)
new_clips, new_y = render(20, seed=1)
model = train(clips, y)
print(f"{100 * accuracy(model, new_clips, new_y):.0f} % of {len(new_y)} clips it has never seen")

# %% [markdown]
# Always right. But why? Take one clip and ask.
#
# ## When does it decide?
#
# After each frame we can ask what the network would answer if the clip ended there. Nobody trained
# it for that: the running prediction is read off, not learned.

# %%
number = 19
clip, truth = new_clips[number], int(new_y[number])
x = features(clip)  # (T,64)
running = explain.running_prediction(model, x[None])[0]  # (T,6)
decision = explain.decision_step(running, margin=0.2)
print(f"{CLASSES[truth]}: decided at frame {decision.step + 1} of {len(clip)}")
plot.film_strip(clip, running, CLASSES, truth=truth).describe(
    "Twelve frames of a clip and under each the probabilities of six classes. The likeliest class "
    "changes with every visit and settles on the true one in the third."
)

# %% [markdown]
# Read the strip from left to right. Someone who knew the rules would be sure after two visits: the
# third pad follows from the first two. The network is not. In the middle of the clip it is
# confident of a class that turns out wrong, and it settles in the third visit only. It was trained
# on whole clips, so at every frame it answers *as though the clip ended there*, and a clip of two
# visits is like nothing that it has seen. If you need early answers you must train for them.
#
# ## Gates and states
#
# Tutorial 5's equation (6), $h_t = z \odot h_{t-1} + (1 - z) \odot n$, has a gate that can be
# looked at: where $z$ is near 1 (dark) a unit keeps what it has.

# %%
layer = model.layers[0]
traces = {letter: values[0] for letter, values in explain.gate_traces(layer, x[None]).items()}
plot.gate_heatmaps(traces).describe(
    "Heat maps of the 32 units over twelve frames. The update gate is near 0 in most units, the "
    "reset gate near 1; candidate and hidden state, much alike, change at the three visits."
)

# %% [markdown]
# A heat map invites stories, so count as well. Karpathy, Johnson and Fei-Fei (2016) ask of each
# unit how often its gate is *right-saturated* (above 0.9: open) and *left-saturated* (below 0.1:
# shut), over many sequences. A unit at the lower right is nearly always open, one at the upper
# left nearly always shut, one at the origin does arithmetic.

# %%
new_x, new_mask = see(new_clips)
all_traces = explain.gate_traces(layer, new_x, new_mask)
saturation = explain.gate_saturation(all_traces, mask=new_mask)
plot.gate_saturation(saturation).describe(
    "A dot for each of the 32 units: how often its gate is open and how often shut. Update "
    "gates are shut or in between, reset gates open or in between."
)

# %% [markdown]
# This one keeps little by its update gates: hardly any is ever open, many are shut most of the
# time, and where $z$ is 0 the state is rewritten, $h = n$, as in a vanilla network. On clips of a
# dozen frames that is enough. A gate that *can* remember need not.
#
# And the state itself: 32 numbers a step, drawn in the plane in which they vary most. The plane
# comes from the singular value decomposition of all states, $H - \bar h = U S V^\top$; its axes are
# the first two rows of $V^\top$.

# %%
paths = explain.hidden_trajectories(all_traces["h"], mask=new_mask)
plot.trajectories(paths.paths[:36], new_y[:36], CLASSES).describe(
    "Paths of the hidden state of 36 clips in the plane of the first two components. All begin at "
    "one place; those of one class run together and end in a place of their own."
)

# %% [markdown]
# A dot is where a path begins, a cross where it ends: all begin together, and at the end each class
# has a corner of its own. What the network remembers of the past is *where it is in this picture*,
# and the softmax on top has only to say which corner that is.
#
# ## The gradient, and what it does not say
#
# The oldest explanation is the gradient of the class's output on the input (Simonyan 2014). No new
# tool is needed for it: backward goes on to `dx`, where training stops at the weights.

# %%
target = truth
p = model(x[None])  # (1,6)
dy = np.zeros_like(p)
dy[0, target] = 1.0  # ∂ p_target / ∂ p
by_hand = model.backward(dy)[0]  # (T,64): ∂ p_target / ∂ x
by_library = explain.saliency(model, x, target).values
one, two = np.abs(by_hand).max(), np.abs(by_library).max()
print(f"p = {p[0, target]:.5f}, largest |gradient| by hand {one:.5f}, library {two:.5f}")

# %% [markdown]
# The two agree, and both are tiny: a cell would have to change by more than its whole range to move
# the answer by a point. The network is sure, and the softmax is flat there. That is what a gradient
# says: what would happen if the input were a *little* different. The question that people ask is
# another one, "what does the answer rest on?", and that has no small answer. Two
# remedies are common: explain the score before the softmax, which is never flat
# (`explain.before_softmax`), or average over noisy copies (SmoothGrad, Smilkov 2017). Neither
# changes the question.
#
# ## Integrated gradients
#
# Sundararajan, Taly and Yan (2017) change it. Choose a *baseline* $b$, an input in which there is
# nothing to see, and walk from it to $x$ in a straight line. Along the way the gradient is not
# flat. Add it up:
#
# $$ \mathrm{IG}_i = (x_i - b_i) \int_0^1
#    \frac{\partial f(b + \alpha (x - b))}{\partial x_i} \, \mathrm{d}\alpha . \tag{1} $$
#
# By the chain rule the integrand, summed over $i$, is $\mathrm{d} f / \mathrm{d} \alpha$. So
#
# $$ \sum_i \mathrm{IG}_i = f(x) - f(b), \tag{2} $$
#
# which is called *completeness* and is a promise that can be checked. Our baseline is a clip in
# which the disc never leaves the middle.

# %%
still = np.repeat(x[:1], len(x), axis=0)  # (T,64): the first frame all the time
steps = 200
alphas = (np.arange(steps) + 0.5) / steps
way = (still + alphas[:, None, None] * (x - still)).astype(np.float32)  # (steps,T,64)
q = model(way)
dq = np.zeros_like(q)
dq[:, target] = 1.0
ig = (x - still) * model.backward(dq).mean(axis=0)  # (1)

difference = float(q.dtype.type(p[0, target]) - model(still[None])[0, target])
print(f"sum {ig.sum():.4f}, difference of outputs {difference:.4f}  (2)")
result = explain.integrated_gradients(model, x, target, baseline=still)
print(f"library: gap {100 * result.relative_gap:.2g} % with {result.steps} steps")

# %% [markdown]
# ## Asking instead of differentiating
#
# A gradient needs a model that can be differentiated. The other family treats it as a function:
# take parts of the input away, ask again, and see what the answer does. For a clip the parts are
# *tubes*, boxes in space and time. Replace one at a time and you have **occlusion** (Zeiler and
# Fergus 2014); replace random sets of them and fit a line, and you have LIME; share the answer out
# fairly, and you have Shapley values.
#
# `explain.on_frames` makes one function of the whole pipeline, frames to features to network, so
# that we can take away pieces of *frames*.

# %%
ask = explain.on_frames(features, model)
cut = explain.tubes(clip, grid=(4, 4, 4))
rest = np.broadcast_to(clip[0], clip.shape)  # the baseline again, in frames
occlusion = explain.occlusion(ask, clip, cut, target, baseline=rest)
print(f"{cut.count} tubes; the most that any one takes away is {occlusion.values.max():.3f}")

# %% [markdown]
# ### LIME
#
# Let $z \in \{0, 1\}^S$ say which tubes are there and $v(z)$ what the network answers. LIME
# (Ribeiro, Singh, Guestrin 2016) fits a line to $v$ near the whole clip,
#
# $$ \min_{b_0, b} \sum_m \pi_m \, (v(z_m) - b_0 - z_m \cdot b)^2 + \lambda \|b\|^2, \qquad
#    \pi_m = e^{-d(z_m)^2 / w^2}, \tag{3} $$
#
# where $d$ is how far $z$ is from all ones. A weighted least-squares fit, nothing more: the normal
# equations are three lines.

# %%
rng = np.random.default_rng(0)
z = rng.random((600, cut.count)) < 0.5  # (M,S): which tubes are there
z[0] = True
variants = np.where(z[:, cut.labels], clip, rest)  # (M,T,H,W)
v = ask(variants)[:, target]
weight = np.exp(-(((1 - np.sqrt(z.mean(axis=1))) / 0.25) ** 2))
Z = np.column_stack([np.ones(len(z)), z])
ridge = 0.1 * np.diag([0.0] + [1.0] * cut.count)  # the intercept is free
b = np.linalg.solve(Z.T @ (weight[:, None] * Z) + ridge, Z.T @ (weight * v))  # (3)
mean = weight @ v / weight.sum()
r2 = 1 - weight @ (v - Z @ b) ** 2 / (weight @ (v - mean) ** 2)

lime = explain.lime(ask, clip, cut, target, samples=600, ridge=0.1, baseline=rest, seed=0)
print(f"by hand R² {r2:.3f}, library {lime.r2:.3f}, held out {lime.r2_held_out:.3f}")
print(f"largest weight by hand {b[1:].max():.4f}, library {lime.values.max():.4f}")

# %% [markdown]
# The number to look at is **R²**. It says how much of what the network does near this clip a line
# can say; the held-out one, where each variant is predicted by a line fitted to the others, is the
# honest one when there are many tubes and few samples. A LIME picture without its R² is a drawing.
#
# ### Shapley values
#
# Three friends share a taxi; who pays what? Let them get in one after another, in every possible
# order, and charge each what the fare rises when they get in, on average. That is the only rule
# that adds up, treats equals equally, charges nothing to those who add nothing, and is linear
# (Shapley 1953). With $v(C)$ the fare of the set $C$,
#
# $$ \varphi_i = \sum_{C \not\ni i} \frac{|C|! \, (S - |C| - 1)!}{S!}
#    \left( v(C \cup i) - v(C) \right), \qquad
#    \sum_i \varphi_i = v(\text{all}) - v(\emptyset). \tag{4} $$
#
# Our three friends are the three visits of the disc. A visit ends when the disc is back in the
# middle, so it can be cut out exactly.

# %%
away = np.abs(clip.astype(float) - clip[0]).mean(axis=(1, 2))
home = away < 0.5 * away.max()
visit = np.clip(np.cumsum(home) - 1, 0, 2)  # (T,): which visit a frame belongs to
print("visit of each frame:", visit)


def worth(coalition):
    """v(C): the answer where only the visits in C take place."""
    there = np.isin(visit, list(coalition))[:, None]
    return float(model(np.where(there, x, still)[None])[0, target])


shares = np.zeros(3)
for i in range(3):
    others = [j for j in range(3) if j != i]
    for size in range(3):
        for C in combinations(others, size):
            w = factorial(size) * factorial(2 - size) / factorial(3)
            shares[i] += w * (worth({*C, i}) - worth(C))  # (4)

library = explain.shapley_values(model, x, visit, target, baseline=still)
for name, one, two in zip(("first", "second", "third"), shares, library.values, strict=True):
    print(f"{name} visit: {one:+.4f} by hand, {two:+.4f} library")
print(f"sum {shares.sum():.4f}, v(all) − v(none) {worth({0, 1, 2}) - worth(()):.4f}")

# %% [markdown]
# All three visits count, the first most. (The last could be left out by someone who knew the rules;
# this network has told us already that it does not know them.)
#
# With $S$ players there are $2^S$ coalitions: fine for 3, fine for 12, not for 64 tubes. Beyond 12
# the library samples: `permutation_shap` draws orders and runs each forwards and backwards (no
# bias, and a standard error comes with it), `kernel_shap` solves (3) with the one weighting $\pi$
# for which the line's weights *are* the Shapley values (Lundberg and Lee 2017). Which says what
# LIME's weighting is: a choice.

# %%
shapley = explain.permutation_shap(ask, clip, cut, target, baseline=rest, samples=1500, seed=0)
print(f"gap {shapley.gap:.1g}, median standard error {np.median(shapley.standard_error):.4f}")
kinds = {
    "saliency": np.abs(by_library).reshape(-1, 8, 8),
    "integrated gradients": result.values.reshape(-1, 8, 8),
    "occlusion": occlusion,
    "LIME": lime,
    "Shapley values": shapley,
}
plot.attribution_strip(clip, kinds).describe(
    "The clip in six rows: as it is, and with saliency, integrated gradients, occlusion, LIME and "
    "Shapley values laid over it. Integrated gradients mark the disc on the pads; the other three "
    "mark most of all a tube beside the middle during the first visit."
)

# %% [markdown]
# Vermillion speaks for the answer, blue against it. Five pictures of the same decision: which one
# is right? That is the wrong question, since they answer different ones. The right question is
# which of them names tubes that *matter*, and it can be settled by experiment: take the tubes away
# in the order of the ranking, and watch the probability. The faster it falls, the better; random
# orders are what to beat.

# %%
curves = {}
for name, how in kinds.items():
    heat = how.map if hasattr(how, "map") else np.kron(how, np.ones((1, 4, 4)))  # (T,32,32)
    curves[name] = explain.deletion(ask, clip, heat, cut, target=target, baseline=rest, orders=10)
    print(f"{name:<21} area under the curve {curves[name].area:.3f}")
print(f"{'random orders':<21} {curves['LIME'].random_areas.mean():.3f}")
plot.deletion_curves(curves, ylabel=f"probability of {CLASSES[target]}").describe(
    "The probability of the class while tubes are taken away: in random orders it falls late, in "
    "the order of every explanation far earlier."
)

# %% [markdown]
# ## A network that cheats
#
# Suppose that the six classes were recorded by six cameras, and each camera burns its mark into the
# bottom of the picture. Nobody notices. (This has happened, with a photographer's name under the
# pictures of horses, and with hospital marks on X-rays.)

# %%


def with_mark(clips, labels):
    """The same clips with a mark at the bottom whose place is that of the label."""
    marked = [clip.copy() for clip in clips]
    for clip, label in zip(marked, labels, strict=True):
        clip[:, 28:, 4 * label + 4 : 4 * label + 8] = 200
    return marked


cheat = train(with_mark(clips, y), y)
marked = with_mark(new_clips, new_y)
print(f"held-out clips, marked as in training: {100 * accuracy(cheat, marked, new_y):.0f} %")

# %% [markdown]
# Held-out accuracy is perfect, and a report would end here. Ask it why instead.

# %%
suspect = marked[number]
places = explain.tubes(suspect, grid=(1, 8, 8))  # each 4 × 4 pixels, over all frames
options = {"target": target, "baseline": "gray", "samples": 1500, "seed": 0}
where = {
    "first network": explain.permutation_shap(ask, clip, places, **options),
    "second network": explain.permutation_shap(
        explain.on_frames(features, cheat), suspect, places, **options
    ),
}
for name, found in where.items():
    _, rows, columns, *_ = places.box(int(found.ranking[0]))
    share = found.values.max() / np.abs(found.values).sum()
    print(f"{name}: {100 * share:.0f} % of all weight on the place at row {rows.start}, "
          f"column {columns.start}")  # fmt: skip
plot.attribution_strip(suspect, where, every=3).describe(
    "The marked clip and the Shapley values of both networks over it: those of the first network "
    "lie where the disc goes, those of the second in one place at the bottom, on the mark."
)

# %% [markdown]
# The first network spreads its attention over the places where the disc passes; of the second, one
# place at the bottom carries most of the weight, and that is where the mark is. The experiment that
# proves it costs one line:

# %%
wrong_mark = with_mark(new_clips, (new_y + 1) % 6)
print(f"without a mark:        {100 * accuracy(cheat, new_clips, new_y):3.0f} % right")
print(f"with a wrong mark:     {100 * accuracy(cheat, wrong_mark, new_y):3.0f} % right")
print(f"and says what the mark says in {100 * accuracy(cheat, wrong_mark, (new_y + 1) % 6):.0f} %")

# %% [markdown]
# It has never learned what a visit is. No accuracy on data of the same kind could have told; the
# explanation did, and the counter-experiment confirmed it. This is what explanations are for.
#
# ## On your own
#
# 1. The exercise `integrated_gradients` of the sheet `8_beyond`: the integral of (1) as a sum, with
#    the gradient taken in the middle of each piece.
# 2. Explain the class that the first network believed in during the second visit. What does the
#    sign of the third visit's Shapley value say?
# 3. Replace the baseline of the integrated gradients by zeros (a black clip). Equation (2) still
#    holds. What has changed in the picture, and is it about the network or about the baseline?
# 4. `explain.connectivity` gives ‖∂output_t / ∂x_s‖ for all t and s (Madsen 2019). Draw it with
#    `plot.connectivity`. In which frames does the network write into its memory?
# 5. `explain.timeshap` takes old frames together that the output owes nothing to. How few does it
#    prune for this clip, and why? Give it a clip with ten resting frames in front.
# 6. Make the mark fainter until the second network begins to look at the disc. At which contrast
#    does the explanation change, and at which the accuracy without a mark?
#
# ## In practice
#
# * `scratchrnn explain model.npz clip.mp4` writes all of this as one page: the running prediction,
#   the overlays, the checks beside them, gates and states.
# * Say what the baseline is. Every "attribution" is one *relative to* it.
# * Report the number that belongs to the method: the gap of integrated gradients, R² of LIME, the
#   standard error of Shapley values; and a deletion curve beside random orders for all.
# * An explanation is a hypothesis about the model. Test it with a changed input before believing
#   it, as above.
# * An explanation of the model is not an explanation of the world.
#
# ## Further reading
#
# * M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", *ICML* 2017.
# * M. T. Ribeiro, S. Singh, C. Guestrin, "Why should I trust you? Explaining the predictions of any
#   classifier", *KDD* 2016.
# * S. M. Lundberg, S.-I. Lee, "A unified approach to interpreting model predictions", *NeurIPS*
#   2017.
# * D. Smilkov et al., "SmoothGrad: removing noise by adding noise", arXiv:1706.03825 (2017).
# * J. Bento et al., "TimeSHAP: explaining recurrent models through sequence perturbations", *KDD*
#   2021.
# * A. Karpathy, J. Johnson, L. Fei-Fei, "Visualizing and understanding recurrent networks",
#   arXiv:1506.02078 (2016); A. Madsen, "Visualizing memorization in RNNs", *Distill* 2019.
# * S. Lapuschkin et al., "Unmasking Clever Hans predictors and assessing what machines really
#   learn", *Nature Communications* 10 (2019).
#
# Next: [13. Generating text and next frames](13_text_and_next_frames.ipynb).
