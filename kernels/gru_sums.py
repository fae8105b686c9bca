"""The sums over time of a GRU's gradients: dWx, dWh and db, in both forms."""

from __future__ import annotations

import numpy as np

from .sequence import WeightGradient


class GRUSums:
    """dWx, dWh and db: with reset_after two products, otherwise three, (5b') apart from (2')."""

    def __init__(self, Wx, Wh, after, onto):
        H, dtype, self.after = len(Wh), Wx.dtype, after
        dWx, dWh, db = (None, None, None) if onto is None else onto[2:]
        b_x, b_h = db if after and db is not None else (db, None)
        cut = 3 * H if after else 2 * H
        h_part, n_part = (None, None) if dWh is None else (dWh[:, :cut], dWh[:, cut:])
        self.x = WeightGradient(Wx.shape, 3, dtype, dWx, b_x)
        self.h = WeightGradient((H, cut), cut // H if H else 3, dtype, h_part, b_h)
        self.n = WeightGradient((H, 3 * H - cut), 1, dtype, n_part)

    def tasks(self, segment, x, h_prev, ks, das, dus, threads):
        K = segment.count
        tasks = self.x.tasks(x, das, K, threads)
        if self.after:
            return tasks + self.h.tasks(h_prev, dus, K, threads)
        tasks += self.h.tasks(h_prev, das, K, threads, bias=False)
        return tasks + self.n.tasks(ks, dus, K, threads, bias=False)

    def gradients(self, has_bias):
        dWh = self.h.dW if self.after else np.concatenate([self.h.dW, self.n.dW], axis=1)
        db = np.stack([self.x.db, self.h.db]) if self.after else self.x.db
        return self.x.dW, dWh, db if has_bias else None
