"""Who computes which rows at which steps: shares of the batch, and rounds of real steps.

A masked step carries the state through, so a row is its real steps alone, and a batch is worked
off in rounds: in round s every row takes its s-th real step. Rows are sorted by how many they
have, so that in round s the first `active[s]` of them are still at work. Padding before or after
a sequence and holes in it cost nothing, and without a mask round s is time s.

Rows never meet but in the sums over the batch (gradients of weights), which `gradients` adds up
in an order of its own: how rows are shared out changes no bit of any result.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from . import pool

WORTH_A_THREAD = 4e6  # floating-point operations below which waking a second thread gains nothing
MOST_ROWS = 64  # rows of one share: their workspace stays in the nearest caches


class Plan(NamedTuple):
    """The rounds of one share of the rows."""

    order: np.ndarray  # (R,) row numbers, most real steps first
    when: np.ndarray  # (S,R) time of the s-th real step of row order[r]
    until: np.ndarray  # (S,R) time of its next real step, or of the end
    lead: np.ndarray  # (R,) time of its first real step, or of the end
    active: np.ndarray  # (S,) rows that still have a step in round s


def threads_for(N: int, T: int, D: int, H: int, products: int) -> int:
    """Return how many threads are worth waking for `products` of (D + H, H) weights a step."""
    operations = 2.0 * products * N * T * H * (D + H)
    return max(1, min(pool.get_num_threads(), int(operations / WORTH_A_THREAD)))


def plans(mask: np.ndarray | None, N: int, first: int, last: int, threads: int) -> list[Plan]:
    """Divide N rows among threads and lay out the rounds of each share.

    Parameters
    ----------
    mask : ndarray of bool, (N, T), or None
    N : int
    first, last : int
        The steps in question: first … last - 1.
    threads : int

    Returns
    -------
    list of Plan
        Neighbouring rows go together; under a mask, rows are dealt out by length.
    """
    if mask is None:
        return _plans_without_mask(N, first, last, threads)
    shares = _shares(N, threads)
    longest_first = np.argsort(-mask[:, first:last].sum(axis=1), kind="stable")
    return [_plan(mask, longest_first[s::shares], first, last) for s in range(shares)]


def _shares(N: int, threads: int) -> int:
    return max(min(threads, -(-N // 4)), -(-N // MOST_ROWS))


@lru_cache(maxsize=64)
def _plans_without_mask(N, first, last, threads):
    shares = _shares(N, threads)
    edges = [*(round(N * s / shares / 4) * 4 for s in range(shares)), N]
    result = []
    for a, b in pairwise(edges):
        when = np.repeat(np.arange(first, last)[:, None], b - a, axis=1)
        lead, active = np.full(b - a, first), np.full(last - first, b - a)
        result.append(Plan(np.arange(a, b), when, when + 1, lead, active))
    return [plan for plan in result if len(plan.order)]


def _plan(mask, order, first, last):
    real = mask[order, first:last]  # (R,T)
    counts = real.sum(axis=1)
    rounds = counts.max(initial=0)
    when = first + np.argsort(~real, axis=1, kind="stable").T  # the real steps, then the others
    when[counts[None, :] <= np.arange(last - first)[:, None]] = last
    until = np.append(when[1:], np.full((1, len(order)), last), axis=0)
    lead = when[0].copy() if last > first else np.full(len(order), last)
    active = (counts > np.arange(rounds)[:, None]).sum(axis=1)
    order, when, until = (np.ascontiguousarray(a) for a in (order, when[:rounds], until[:rounds]))
    return Plan(order, when, until, lead, active)
