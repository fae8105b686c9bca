"""What augmentation and transfer are worth with few clips, on a folder of your own.

    python -m benchmarks.little_data augment clips/     at 20 and at 100 clips a class
    python -m benchmarks.little_data transfer clips/    from half of the classes to the others

Every figure is the mean over seeds with the standard deviation: other clips to learn from and
other first weights for each, the same clips to be tested on for all.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from scratchrnn.classify import (
    PRESETS,
    Preset,
    build_network,
    compile_network,
    new_classes,
)
from scratchrnn.video import (
    ClipFolder,
    Clips,
    FrameFeatures,
    VideoFolder,
    find_clips,
    load_clips,
    stratified_split,
)
from scratchrnn.video.augment import standard_augmentation


def main(argv: list[str] | None = None) -> int:
    """Measure what is asked for, print it as it comes, and keep it if a file is named."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.little_data",
        description="What augmentation and transfer are worth with few clips.",
    )
    parser.add_argument("what", choices=("augment", "transfer"))
    parser.add_argument("folder", help="a folder with one folder of clips a class")
    parser.add_argument("--clips", type=int, nargs="+", help="of each class to learn from")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--model", choices=sorted(PRESETS), default="best")
    parser.add_argument("--test-fraction", type=float, default=1 / 3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the figures")
    args = parser.parse_args(argv)
    preset = replace(PRESETS[args.model], members=1)
    measure = {"augment": augmentation, "transfer": transfer}[args.what]
    counts = args.clips or {"augment": [20, 100], "transfer": [1, 2, 4, 8, 16]}[args.what]
    found: dict[str, dict[int, list[float]]] = {}
    for way, count, accuracy in measure(args.folder, preset, counts, args):
        scores = found.setdefault(way, {}).setdefault(count, [])
        scores.append(100 * accuracy)
        if len(scores) == args.seeds:
            print(f"{way:12} {count:4} clips a class: {np.mean(scores):5.1f} "
                  f"± {np.std(scores):.1f} %   {[round(s, 1) for s in scores]}", flush=True)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def augmentation(folder, preset: Preset, counts, args) -> Iterator[tuple[str, int, float]]:
    """Train on so many clips of each class, as they are and augmented."""
    found, features = find_clips(folder), _features(preset)
    pool, test = stratified_split(found.y, args.test_fraction, 0)
    held_out = load_clips(_part(found, test), features)
    for count in counts:
        for augment in (False, True):
            for seed in range(args.seeds):
                few = _part(found, _some(found.y, pool, count, seed))
                network = _train(few, features, preset, augment, seed)
                yield "augmented" if augment else "as they are", count, _score(network, held_out)


def transfer(folder, preset: Preset, counts, args) -> Iterator[tuple[str, int, float]]:
    """Pretrain on the first half of the classes; learn the others from a few clips of each."""
    found, features = find_clips(folder), _features(preset)
    half = len(found.class_names) // 2
    old = _classes(found, range(half))
    new = _classes(found, range(half, len(found.class_names)))
    base = _train(old, features, preset, True, 0)
    pool, test = stratified_split(new.y, args.test_fraction, 0)
    held_out = load_clips(_part(new, test), features)
    for count in counts:
        for way in ("fresh", "frozen", "fine-tuned"):
            for seed in range(args.seeds):
                few = _part(new, _some(new.y, pool, count, seed))
                start = None if way == "fresh" else (base, way == "frozen")
                network = _train(few, features, preset, False, seed, start)
                yield way, count, _score(network, held_out)


def _features(preset: Preset) -> FrameFeatures:
    return FrameFeatures(preset.size, appearance=preset.appearance)


def _part(found: ClipFolder, rows: np.ndarray) -> ClipFolder:
    return ClipFolder([found.paths[i] for i in rows], found.y[rows], found.class_names, [])


def _classes(found: ClipFolder, labels: range) -> ClipFolder:
    part = _part(found, np.flatnonzero(np.isin(found.y, labels)))
    names = [found.class_names[label] for label in labels]
    return part._replace(y=part.y - labels[0], class_names=names)


def _some(y: np.ndarray, pool: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Return `count` clips of each class out of `pool`, others for each seed."""
    rng = np.random.default_rng(seed)
    chosen = [rng.permutation(pool[y[pool] == label])[:count] for label in np.unique(y)]
    return np.sort(np.concatenate(chosen))


def _train(found: ClipFolder, features, preset: Preset, augment: bool, seed: int, start=None):
    """Train as `scratchrnn train --model` does; `start` is (a network, whether to freeze it)."""
    data = VideoFolder(
        found, features, seed=seed, augment=standard_augmentation() if augment else None
    )
    epochs, classes = preset.epochs_for(len(data)), len(found.class_names)
    if start is None:
        network = build_network(
            preset.cell, features.feature_count, classes, units=preset.units,
            bidirectional=preset.bidirectional, dropout=preset.dropout,
            learning_rate=preset.learning_rate, decay_steps=epochs * len(data), seed=seed,
        )  # fmt: skip
    else:
        network = new_classes(start[0], classes, freeze=start[1], seed=seed)
        compile_network(network, preset.learning_rate, epochs * len(data))
    network.fit(data, epochs=epochs, verbose=0)
    return network


def _score(network, held_out: Clips) -> float:
    said = network.predict(held_out.x, mask=held_out.mask, verbose=0).argmax(axis=1)
    return float((said == held_out.y).mean())


if __name__ == "__main__":
    raise SystemExit(main())
