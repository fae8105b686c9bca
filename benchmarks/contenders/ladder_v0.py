"""v0: the reference, one step after another, as the equations are written."""

from __future__ import annotations

from scratchrnn.cells import lstm_backward, lstm_forward

from ..cases import Case, data, results


def task(forward, backward):
    """Return the task of a pair of functions with the arguments of `scratchrnn.cells`."""

    def layer(case: Case):
        d = data(case)

        def run():
            h, *_, cache = forward(d.x, None, None, d.Wx, d.Wh, d.b)
            return h, backward(d.dh, cache)

        def outcome(pair):
            h, g = pair
            return results(case, d, h, [g.dx, g.dWx, g.dWh, g.db])

        return run, outcome

    return layer


TASKS = {"layer": task(lstm_forward, lstm_backward)}
