"""Which clips to learn from and which to test on: stratified, or by group; and class weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def stratified_split(
    y: np.ndarray,
    test_fraction: float = 0.25,
    seed: int = 0,
    class_names: Sequence[str] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Split class by class, so that both parts have the classes in the same proportion.

    Parameters
    ----------
    y : ndarray, (N,) int
        Class of each sample.
    test_fraction : float, default 0.25
        Share of each class for the test part; either part gets at least one of each class.
    seed : int, default 0
        What the choice depends on.
    class_names : sequence of str, optional
        For the error message.

    Returns
    -------
    train, test : ndarray of int64
        Indices, sorted.

    Raises
    ------
    ValueError
        If a class has fewer than two samples, or the fraction is not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video import stratified_split
    >>> train, test = stratified_split(np.array([0, 0, 0, 0, 1, 1, 1, 1]), 0.25)
    >>> len(train), len(test)
    (6, 2)
    """
    y = np.asarray(y)
    _check_fraction(test_fraction)
    rng = np.random.default_rng(seed)
    held_out = np.zeros(len(y), dtype=bool)
    for label in np.unique(y):
        members = rng.permutation(np.flatnonzero(y == label))
        if len(members) < 2:
            name = class_names[label] if class_names else label
            raise ValueError(f"split: class {name}: expected at least 2 clips, got {len(members)}")
        count = round(len(members) * test_fraction)
        held_out[members[: min(max(count, 1), len(members) - 1)]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def grouped_split(
    y: np.ndarray, groups: Sequence, test_fraction: float = 0.25, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Split so that no group (a person, a recording) is on both sides.

    The groups are taken in a seeded order, the large ones first, and each goes to the test part if
    that brings the number of test samples of every class nearer to what was asked for.

    Parameters
    ----------
    y : ndarray, (N,) int
        Class of each sample.
    groups : sequence of N hashable
        Group of each sample.
    test_fraction : float, default 0.25
        Share of the samples for the test part, as nearly as the groups allow.
    seed : int, default 0
        What the choice depends on.

    Returns
    -------
    train, test : ndarray of int64
        Indices, sorted. Both have at least one group.

    Raises
    ------
    ValueError
        If there are fewer than two groups, their number does not fit `y`, or the fraction is not
        between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video import grouped_split
    >>> grouped_split(np.array([0, 1, 0, 1]), ["ann", "ann", "bob", "bob"], 0.5, seed=1)
    (array([2, 3]), array([0, 1]))
    """
    y = np.asarray(y)
    _check_fraction(test_fraction)
    if len(groups) != len(y):
        raise ValueError(f"split: groups: expected {len(y)} of them, got {len(groups)}")
    names = list(dict.fromkeys(groups))
    if len(names) < 2:
        raise ValueError(f"split: groups: expected at least 2 different ones, got {len(names)}")
    number = {name: i for i, name in enumerate(names)}
    group = np.array([number[name] for name in groups])
    counts = np.zeros((len(names), int(y.max()) + 1))  # (groups, classes)
    np.add.at(counts, (group, y), 1)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    missing = counts.sum(axis=0) * test_fraction
    held_out: list[int] = []
    for i in order:
        after = missing - counts[i]
        if (after**2).sum() < (missing**2).sum() and len(held_out) < len(names) - 1:
            held_out.append(int(i))
            missing = after
    chosen = np.isin(group, held_out or order[-1:])
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def class_weights(y: np.ndarray) -> dict[int, float]:
    """Return a weight for each class that makes all classes count alike.

    Parameters
    ----------
    y : ndarray, (N,) int
        Class of each sample.

    Returns
    -------
    dict of int to float
        N / (number of classes x samples of the class): 1 for all where the classes are even.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video import class_weights
    >>> class_weights(np.array([0, 0, 0, 1]))
    {0: 0.6666666666666666, 1: 2.0}
    """
    labels, counts = np.unique(y, return_counts=True)
    weights = counts.sum() / (len(labels) * counts)
    return dict(zip(labels.tolist(), weights.tolist(), strict=True))


def _check_fraction(test_fraction: float) -> None:
    if not 0 < test_fraction < 1:
        raise ValueError(f"split: test_fraction: expected between 0 and 1, got {test_fraction!r}")
