# %% [markdown]
# # 10. Little data: augmentation and transfer
#
# ## What you'll do
#
# Train with one, two, four clips a class, see it fail, and mend it twice: by changing every clip a
# little each time that it is shown, and by starting from a network that has learned something else
# before. You measure both, with more than one seed, and see where each of them does harm.
#
# ## What you'll learn
#
# * augmentation: what it does to a clip, why its parameters are drawn once a clip and not once a
#   frame, and how it can turn one class into another;
# * transfer: keeping what was learned, freezing it with `layer.trainable`, setting it free again;
# * what a frozen layer means for the gradient and for the optimizer's state;
# * how to read a learning curve over the number of clips.
#
# ## What you'll need
#
# Tutorial 9 (clips into classes). This one takes less than a minute.

# %%
import numpy as np

from scratchrnn import plot
from scratchrnn.classify import build_network, compile_network, new_classes, pad
from scratchrnn.data import Batch
from scratchrnn.demo.shapes import render_shape
from scratchrnn.layers import Dense
from scratchrnn.models import Sequential
from scratchrnn.video import FrameFeatures
from scratchrnn.video.augment import RandomFlip, contact_sheet, standard_augmentation

features = FrameFeatures((6, 8))


def render(motions, clips, seed):
    """Return rendered clips, a list of (T, H, W, 3), and their classes."""
    frames = [
        render_shape(np.random.default_rng([seed, label, k]), motion=motion, size=(24, 32))
        for label, motion in enumerate(motions)
        for k in range(clips)
    ]
    return frames, np.repeat(np.arange(len(motions)), clips)


def some(y, clips, seed):
    """Return the numbers of a few clips of each class, others for each seed."""
    classes = range(y.max() + 1)
    return np.concatenate([np.flatnonzero(y == c)[seed * clips :][:clips] for c in classes])


def score(network, x, mask, y):
    """Share of clips classified right, in percent."""
    return 100 * (network.predict(x, mask=mask, verbose=0).argmax(axis=1) == y).mean()


# %% [markdown]
# ## How little is little?
#
# Six motions, up to eight clips of each to learn from, 180 others to be tested on. Every run makes
# the same 120 updates, whatever the number of clips.

# %%
motions = ("left", "right", "up", "down", "clockwise", "anticlockwise")
pool, pool_y = render(motions, 40, seed=0)
test, test_y = render(motions, 30, seed=1)
(pool_x, pool_mask), (test_x, test_mask) = (pad([features(c) for c in part])
                                            for part in (pool, test))  # fmt: skip
UPDATES, D = 120, features.feature_count


def fresh(classes, seed):
    """A small GRU that knows nothing yet."""
    return build_network("gru", D, classes, units=32, dropout=0.2, learning_rate=0.01,
                         decay_steps=UPDATES, seed=seed)  # fmt: skip


def plain(network, x, mask, y, seed):
    """Train on clips as they are."""
    batches = -(-len(y) // 16)
    network.fit(x, y, mask=mask, batch_size=16, epochs=UPDATES // batches, verbose=0, seed=seed)


COUNTS, SEEDS = (1, 2, 4, 8), (0, 1)
curve = {"as they are": []}
for clips in COUNTS:
    scores, known = [], []
    for seed in SEEDS:
        few, network = some(pool_y, clips, seed), fresh(6, seed)
        shown = pool_x[few], pool_mask[few], pool_y[few]
        plain(network, *shown, seed)
        scores.append(score(network, test_x, test_mask, test_y))
        known.append(score(network, *shown))
    curve["as they are"].append(scores)
    print(f"{clips} clips a class: {np.mean(scores):.0f} % of the test clips, "
          f"{np.mean(known):.0f} % of its own")

# %% [markdown]
# What it was shown it knows by heart: *this* place, *this* speed, *this* length. That is not the
# motion.
#
# ## Augmentation
#
# A clip that is shifted a little, turned a little, played a little faster shows the same motion. So
# we show it like that, differently every time. Each parameter is drawn once and holds for **all
# frames of the clip**: drawn frame by frame, a shift would be a tremble, and that is a motion too.

# %%
contact_sheet(pool[170][:12], columns=6).describe(
    "Rows of six frames: a clip, and what each augmentation makes of it"
)

# %% [markdown]
# `standard_augmentation()` holds what changes no class's meaning: small shifts, scalings, turns
# and changes of pace. What follows each other in space is done as one warp, what follows in time
# as one choice of moments: the clip is interpolated once.

# %%
standard = standard_augmentation()
for one in standard.augmentations:
    print(one)


# %%
class Augmented:
    """Batches for `fit`, every clip changed in every epoch; for files `VideoFolder` does this."""

    def __init__(self, clips, y, augment, seed):
        self.clips, self.y, self.augment, self.seed, self.epoch = clips, y, augment, seed, 0

    def __iter__(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        order = rng.permutation(len(self.y))
        for rows in np.array_split(order, -(-len(order) // 16)):
            x, mask = pad([features(self.augment(self.clips[k], rng)) for k in rows])
            yield Batch(x, self.y[rows], None, mask)


def augmented(network, clips, y, augment, seed):
    """Train on clips that are changed every time."""
    batches = -(-len(y) // 16)
    data = Augmented(clips, y, augment, seed)
    network.fit(data, epochs=UPDATES // batches, verbose=0)


curve["augmented"] = []
for clips in COUNTS:
    scores = []
    for seed in SEEDS:
        few, network = some(pool_y, clips, seed), fresh(6, seed)
        augmented(network, [pool[k] for k in few], pool_y[few], standard, seed)
        scores.append(score(network, test_x, test_mask, test_y))
    curve["augmented"].append(scores)


# %%
def draw(curves, title):
    """Draw accuracy over the number of clips: a line through the means, a dot a seed."""
    fig, ax = plot.figure(5.2, 3.0)
    with plot.style():
        for k, (name, scores) in enumerate(curves.items()):
            colour = list(plot.OKABE_ITO.values())[k + 1]
            mark = "osD^"[k]
            ax.plot(COUNTS, np.mean(scores, axis=1), mark + "-", color=colour, label=name)
            ax.plot(COUNTS, scores, mark, color=colour, alpha=0.35, markersize=4)
        ax.set_xscale("log", base=2)
        ax.set_xticks(COUNTS, [str(c) for c in COUNTS])
        ax.set_xlabel("clips of each class to learn from")
        ax.set_ylabel("test clips right (%)")
        ax.set_title(title)
        ax.legend(loc="lower right")
    fig.describe(f"{title}: accuracy rises with the number of clips; lines for {', '.join(curves)}")
    return fig


draw(curve, "Six motions")

# %% [markdown]
# Augmentation is worth about as much as twice the clips, and costs nothing but time. It can do no
# more than its author knows: a shift teaches that the place does not matter, since somebody has
# decided so.
#
# ## When augmentation lies
#
# A mirror turns *left* into *right*, and a clip played backwards turns *grow* into *shrink*. The
# network is then shown the same clip under both names. That is why neither is in the standard set,
# and why `scratchrnn train --flip` has to be asked for.

# %%
two = np.flatnonzero(pool_y < 2)  # left and right
asked = test_y < 2
for name, augment in {"standard": standard, "with flips": RandomFlip()}.items():
    network = fresh(2, seed=0)
    augmented(network, [pool[k] for k in two], pool_y[two], augment, seed=0)
    right = score(network, test_x[asked], test_mask[asked], test_y[asked])
    print(f"left or right, 40 clips of each, {name}: {right:.0f} %")

# %% [markdown]
# ## Transfer
#
# Somebody else may have had many clips, of other classes. What a network has learned of *motion*
# there is of use here: keep its layers, put a new last layer on top.

# %%
base = fresh(6, seed=0)
base.fit(pool_x, pool_y, mask=pool_mask, batch_size=16, epochs=16, verbose=0, seed=0)
print(f"six motions, 40 clips of each: {score(base, test_x, test_mask, test_y):.0f} %")
new = Sequential([*base.layers[:-1], Dense(4, "softmax")])
for layer in new.layers[:-1]:
    layer.trainable = False
new.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
new.build((None, None, D))
new.summary()

# %% [markdown]
# `trainable = False` is all there is to freezing: the layer's weights are no longer among
# `trainable_weights`, so that the optimizer neither updates them nor holds moments for them. The
# gradient still passes *through* a frozen layer on its way down.
#
# These layers are the base's own: they are frozen in `base` as well now, and training `new`
# unfrozen would change `base`. `classify.new_classes` makes a copy first. From the same start we
# compare three ways:
#
# * **fresh**: nothing is taken over;
# * **frozen**: the new last layer alone learns, $4 \cdot 32 + 4 = 132$ numbers;
# * **fine-tuned**: all learn, from where they are, at a third of the learning rate.

# %%
others = ("shake", "nod", "grow", "shrink")
other_pool, other_y = render(others, 16, seed=2)
other_test, other_test_y = render(others, 40, seed=3)
(other_x, other_mask), (ask_x, ask_mask) = (pad([features(c) for c in part])
                                            for part in (other_pool, other_test))  # fmt: skip
transfer = {"fresh": [], "frozen": [], "fine-tuned": []}
for clips in COUNTS:
    for way, results in transfer.items():
        scores = []
        for seed in SEEDS:
            few = some(other_y, clips, seed)
            network = fresh(4, seed)
            if way != "fresh":
                network = new_classes(base, 4, freeze=way == "frozen", seed=seed)
                compile_network(network, 0.003 if way == "fine-tuned" else 0.01, UPDATES)
            plain(network, other_x[few], other_mask[few], other_y[few], seed)
            scores.append(score(network, ask_x, ask_mask, other_test_y))
        results.append(scores)
draw(transfer, "Four other motions")

# %% [markdown]
# Fine-tuning begins where the fresh network arrives with twice as many clips. Frozen layers keep
# what they know and can learn nothing else: nothing in the six old classes needed to tell *grow*
# from *shrink*. Freeze where new classes differ in the ways in which the old ones did, and clips
# are very few; else fine-tune. With enough clips all ways meet, and the fresh one is the simplest.
#
# That the frozen weights are the same, to the bit, can be seen:

# %%
frozen = new_classes(base, 4, freeze=True)
compile_network(frozen, 0.01)
plain(frozen, other_x, other_mask, other_y, seed=0)
for name, before, after in zip(base.weight_names, base.weights, frozen.weights, strict=False):
    if before.shape == after.shape:
        print(f"{name:22} {'the same bits' if np.array_equal(before, after) else 'changed'}")

# %% [markdown]
# ## On your own
#
# 1. Draw the shift frame by frame instead of once a clip. What happens to *shake* and *nod*?
# 2. Both together: fine-tune `base` with augmentation, on one clip a class.
# 3. Freeze first, and after 60 updates set all layers free (`network.trainable = True`, compile
#    again). Why must it be compiled again?
# 4. Mixup (`augment.MixUp`) trains on $\lambda x + (1 - \lambda) x'$ and
#    $\lambda y + (1 - \lambda) y'$, with $\lambda \sim \mathrm{Beta}(\alpha, \alpha)$. Which loss
#    does it need, and why does it work on features and not on frames?
# 5. Pretrain on four of the six motions and transfer to the other two. Which split of the six
#    helps most, which least?
#
# ## In practice
#
#     scratchrnn train clips/ --augment                     change clips every time
#     scratchrnn train clips/ --flip                        and mirror them, if left is right
#     scratchrnn train few/ --from model.npz --freeze       what MODEL has learned, other classes
#
# * Look at a contact sheet of your own clips first. If you cannot tell the class, the network
#   should not have to.
# * Choose augmentations on a validation part, never on the test.
# * Few clips mean few test clips too: give means over several splits, and the spread.
# * First more clips, then augmentation, then transfer, then a cleverer network.
#
# ## Further reading
#
# * C. Shorten, T. M. Khoshgoftaar, "A survey on image data augmentation for deep learning",
#   *Journal of Big Data* 6 (2019).
# * H. Zhang, M. Cissé, Y. Dauphin, D. Lopez-Paz, "mixup: beyond empirical risk minimization",
#   *ICLR* 2018.
# * J. Yosinski, J. Clune, Y. Bengio, H. Lipson, "How transferable are features in deep neural
#   networks?", *NIPS* 2014.
# * S. J. Pan, Q. Yang, "A survey on transfer learning", *IEEE TKDE* 22 (2010).
#
# Next: [11. Tracking through occlusion, and who is it?](11_tracking_and_recognition.ipynb).
