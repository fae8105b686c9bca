"""One step at a time: the contract of a cell, and cells stacked on one another.

A cell of your own says the sizes of its states, how one step goes, and how its gradients go
back; :class:`~scratchrnn.layers.RNN` runs it along time, with masks, states and checkpoints::

    class Leaky(Cell):
        def __init__(self, units, **options):
            super().__init__(**options)
            self.state_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight("kernel", (input_shape[-1], self.state_size))
            super().build(input_shape)

        def step(self, x, states):
            h = 0.9 * states[0] + x @ self.kernel
            return h, [h], x                                # output, new states, cache

        def step_backward(self, dy, d_states, x):
            dh = dy + d_states[0]                           # h is the output and the state
            return dh @ self.kernel.T, [0.9 * dh], [x.T @ dh]
"""

from __future__ import annotations

import numpy as np

from .base import Layer
from .serialization import deserialize, serialize
from .wrappers import same_dtype


class Cell(Layer):
    """Base class of everything that `RNN` can run: one step of a recurrence.

    Parameters
    ----------
    **options
        As in `Layer`.

    Attributes
    ----------
    state_size : int, or list of int
        The size of each state; set it in the constructor.
    output_size : int
        The size of the output; that of the first state unless it is set.

    Notes
    -----
    Write `build`, `step` and `step_backward`. `RNN` adds up over time what `step_backward`
    gives for the weights; nothing here needs to. Cells run in NumPy on every backend.
    """

    state_size: int | list

    @property
    def output_size(self) -> int:
        """Size of the output of a step."""
        own = getattr(self, "_output_size", None)
        return flatten(self.state_size)[0] if own is None else own

    @output_size.setter
    def output_size(self, size: int) -> None:
        self._output_size = size

    def step(self, x, states) -> tuple[np.ndarray, list, object]:
        """Advance by one step.

        Parameters
        ----------
        x : ndarray, (N, D)
        states : list of ndarray, (N, H) each
            In the order of `state_size`.

        Returns
        -------
        y : ndarray, (N, output_size)
        states : list of ndarray
            New arrays: what was given is not changed.
        cache : object
            What `step_backward` needs.
        """
        raise NotImplementedError(f"{type(self).__name__}: step is not written")

    def step_backward(self, dy, d_states, cache) -> tuple[np.ndarray, list, list]:
        """Gradients of one step.

        Parameters
        ----------
        dy : ndarray, (N, output_size)
            On the step's output, from above.
        d_states : list of ndarray
            On the step's new states, from the steps that follow.
        cache : object
            What `step` returned.

        Returns
        -------
        dx : ndarray, (N, D)
        d_states : list of ndarray
            On the states that the step was given.
        gradients : list of ndarray
            Of this step alone, in line with `weights`.
        """
        raise NotImplementedError(f"{type(self).__name__}: step_backward is not written")

    def begin(self, N: int, D: int, training: bool) -> None:
        """Draw what stays the same for a whole sequence (dropout masks); called before it.

        Parameters
        ----------
        N, D : int
            Rows of the batch, features of the input.
        training : bool
        """

    def __call__(self, x, states, training: bool = False):
        """Run one step, as in Keras.

        Parameters
        ----------
        x : array_like, (N, D)
        states : list of array_like, (N, H) each
        training : bool, default False

        Returns
        -------
        y : ndarray, (N, output_size)
        states : list of ndarray
        """
        x = self._as_input(x)
        if not self.built:
            self.build(x.shape)
        states = [states] if isinstance(states, np.ndarray) else states
        cast = [np.asarray(s, dtype=self.dtype) for s in flatten(list(states))]
        N, *_, D = x.shape
        self.begin(N, D, bool(training))
        y, states, _ = self.step(x, pack(list(states), cast))
        return y, states

    def compute_output_shape(self, input_shape):
        name = type(self).__name__
        raise ValueError(f"{name}: a cell runs one step; for sequences, put it into RNN({name}(…))")

    def get_initial_state(self, batch_size: int) -> list:
        """Return zeros, one array for each state, nested as `state_size` is.

        Parameters
        ----------
        batch_size : int

        Returns
        -------
        list of ndarray
        """
        sizes = as_list(self.state_size)
        return pack(sizes, [np.zeros((batch_size, n), self.dtype) for n in flatten(sizes)])


class StackedRNNCells(Cell):
    """Cells on top of one another: each takes the output of the one below, at the same step.

    Parameters
    ----------
    cells : list of Cell
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import RNN, GRUCell, LSTMCell, StackedRNNCells
    >>> layer = RNN(StackedRNNCells([LSTMCell(4), GRUCell(5)]), return_state=True)
    >>> y, (h, c), state = layer(np.zeros((2, 6, 3)))
    >>> y.shape, c.shape, state.shape
    ((2, 5), (2, 4), (2, 5))
    """

    def __init__(self, cells, **options):
        if not isinstance(cells, list | tuple) or not cells:
            raise ValueError(f"StackedRNNCells: cells: expected a list of cells, got {cells!r}")
        self.cells = [check_cell("StackedRNNCells", "cells", cell) for cell in cells]
        super().__init__(**same_dtype("StackedRNNCells", options, *cells))
        self.state_size = [cell.state_size for cell in self.cells]
        self.output_size = self.cells[-1].output_size

    def sublayers(self):
        return list(self.cells)

    def build(self, input_shape):
        *front, D = input_shape
        for cell in self.cells:
            if not cell.built:
                cell.build((*front, D))
            D = cell.output_size
        super().build(input_shape)

    def begin(self, N, D, training):
        for cell in self.cells:
            cell.begin(N, D, training)
            D = cell.output_size

    def step(self, x, states):
        new_states, caches = [], []
        for cell, given in zip(self.cells, states, strict=True):
            x, new, cache = cell.step(x, as_list(given))
            new_states.append(new if isinstance(given, list) else new[0])
            caches.append(cache)
        return x, new_states, caches

    def step_backward(self, dy, d_states, cache):
        d_below, gradients = [], []
        for cell, d, kept in zip(self.cells[::-1], d_states[::-1], cache[::-1], strict=True):
            dy, d_given, own = cell.step_backward(dy, as_list(d), kept)
            d_below.insert(0, d_given if isinstance(d, list) else d_given[0])
            gradients = [*own, *gradients]
        return dy, d_below, gradients

    def get_config(self):
        return {**super().get_config(), "cells": [serialize(cell) for cell in self.cells]}

    @classmethod
    def from_config(cls, config_):
        return cls(**{**config_, "cells": [deserialize(cell) for cell in config_["cells"]]})


def check_cell(who: str, argument: str, cell) -> Cell:
    """Return `cell` if it is one that says its state's size, else raise ``ValueError``."""
    if not isinstance(cell, Cell):
        expected = "a Cell (with step and step_backward)"
        raise ValueError(f"{who}: {argument}: expected {expected}, got {type(cell).__name__}")
    sizes = flatten(as_list(getattr(cell, "state_size", None)))
    if not sizes or not all(isinstance(n, int | np.integer) and n > 0 for n in sizes):
        name, size = type(cell).__name__, getattr(cell, "state_size", None)
        raise ValueError(f"{who}: {argument}: {name}.state_size: expected sizes >= 1, got {size!r}")
    return cell


def as_list(states) -> list:
    """Return `states` as a list: itself if it is one, else with one entry."""
    return list(states) if isinstance(states, list | tuple) else [states]


def flatten(nested) -> list:
    """Return the leaves of nested lists, in order."""
    if not isinstance(nested, list | tuple):
        return [nested]
    return [leaf for part in nested for leaf in flatten(part)]


def pack(structure, leaves: list):
    """Nest `leaves` as `structure` is nested.

    Examples
    --------
    >>> from scratchrnn.layers.cell import pack
    >>> pack([0, [0, 0]], ["a", "b", "c"])
    ['a', ['b', 'c']]
    """
    remaining = iter(leaves)

    def fill(part):
        return [fill(p) for p in part] if isinstance(part, list | tuple) else next(remaining)

    return fill(structure)
