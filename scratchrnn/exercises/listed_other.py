"""Mistakes that people make around recurrences: masks, losses, optimizers, windows.

Rows of `scratchrnn.exercises.mistakes`: number, function, text of its solution, what stands there
instead, and the mistake in words.
"""

from __future__ import annotations

from collections.abc import Iterator

# fmt: off

def masks() -> Iterator[tuple]:
    """Yield mistakes with masks, last steps and two directions."""
    name = "masked_rnn_forward"
    update = "the mask is not applied: a masked step updates the state, instead of carrying h_prev through"
    yield 17, name, "h_t = np.where(m, h_new, h_prev)", "h_t = h_new", update
    yield 17, name, "h_t = np.where(m, h_new, h_prev)", "h_t = np.where(m, h_new, 0)", "the state is set to 0 at a masked step, instead of carried through"
    yield 17, name, "h_prev = h_t", "h_prev = h_new", "the mask is applied to the output only, not to the state that goes on"
    yield 17, name, "h[:, t] = h_t", "h[:, t] = np.where(m, h_t, 0)", "0 at masked steps, where the carried state belongs"
    yield 17, name, "h[:, t] = h_t", "h[:, t] = h_new", "the mask is applied to the state but not to the output"
    yield 18, name, "x_t = np.where(m, x[:, t], 0)", "x_t = x[:, t] * m", "NaN leaks from the padding: 0 · NaN is NaN, so np.where has to choose"
    back = "masked_rnn_backward"
    yield 18, back, "dh_next = np.where(m, dh_prev, dh_total)", "dh_next = dh_prev", "the mask is not applied on the way back: the gradient stops at a masked step, instead of going past it untouched"
    yield 18, back, "dh_new = np.where(m, dh_total, 0)", "dh_new = dh_total", "the mask is not applied on the way back: a masked step gives gradients to dx and to the weights"
    yield 18, back, "dh_total = dh[:, t] + dh_next", "dh_total = np.where(m, dh[:, t], 0) + dh_next", "dh of masked steps is dropped: the output there is the carried state, so it counts"
    yield 18, back, "dh_next = np.where(m, dh_prev, dh_total)", "dh_next = np.where(m, dh_prev, dh_next)", "dh of masked steps is dropped: the output there is the carried state, so it counts"
    yield 18, back, "dh_next = np.where(m, dh_prev, dh_total)", "dh_next = np.where(m, dh_prev, 0)", "the mask is not applied on the way back: the gradient stops at a masked step, instead of going past it untouched"
    yield 17, "last_step", "t = T - 1 - np.argmax(mask[:, ::-1], axis=1)", "t = np.full(N, T - 1)", "the padded last step is taken for the last real one"
    yield 17, "last_step", "t = T - 1 - np.argmax(mask[:, ::-1], axis=1)", "t = mask.sum(axis=1) - 1", "the number of real steps is taken for the place of the last one: that is right only without gaps and padding in front"
    yield 17, "last_step", "t = T - 1 - np.argmax(mask[:, ::-1], axis=1)", "t = np.maximum(mask.sum(axis=1) - 1, 0)", "the number of real steps is taken for the place of the last one: that is right only without gaps and padding in front"
    yield 17, "last_step", "t = T - 1 - np.argmax(mask[:, ::-1], axis=1)", "t = np.argmax(mask, axis=1)", "the first real step is taken for the last one"
    yield 17, "last_step", "last = np.where(mask.any(axis=1)[:, None], h[np.arange(N), t], 0)", "last = h[:, -1]", "the padded last step is taken for the last real one"
    count = "the number of real steps is taken for the place of the last one: that is right only without gaps and padding in front"
    yield 17, "last_step", "last = np.where(mask.any(axis=1)[:, None], h[np.arange(N), t], 0)", "last = h[np.arange(N), mask.sum(axis=1) - 1]", count
    yield 17, "last_step", "np.where(mask.any(axis=1)[:, None], h[np.arange(N), t], 0)", "h[np.arange(N), t]", "a row without a real step does not get zeros"
    two = "bidirectional_rnn"
    yield 19, two, "h[:, t, H:] = h_backward", "h[:, k, H:] = h_backward", "the backward half is not turned back in time: its first output belongs to step T"
    yield 19, two, "[h_forward, h_backward]", "[h_forward, h[:, -1, H:]]", "the last state of the backward half is taken from the wrong end: at step T it has read one step only"
    yield 19, two, "[h_forward, h_backward]", "[h[:, 0, :H], h_backward]", "the last state of the forward half is taken from the wrong end"
    yield 19, two, "rnn_step(x[:, t], h_backward", "rnn_step(x[:, k], h_backward", "the backward half reads forward"


def training() -> Iterator[tuple]:
    """Yield mistakes in losses, clipping, Adam and integrated gradients."""
    for name, count, what in (
        ("softmax_loss", "M", "mask.sum()"),
        ("temporal_softmax_loss", "N", ""),
    ):
        loss, grad = f"* right * m) / {count}", f"* m / {count}"
        short = "M" if what else "N"
        padding = (
            "averaged over the padding too" if what else "averaged over all steps, padding too"
        )
        for number, value, words in (
            (20, "mask.size", f"{padding}: divided by N·T instead of {short}"),
            (
                20,
                "len(mask)" if what else "mask.sum()",
                f"divided by {'N' if what else 'the number of real steps'} instead of {short}",
            ),
            (20, "1", f"summed, not divided by {short}"),
            (20, "mask.shape[1]", f"divided by T instead of {short}"),
        ):
            if what:
                yield number, name, f"{count} = {what}", f"{count} = {value}", words
            else:
                yield number, name, f"{count}, _, V = x.shape", f"{count}, V = {value}, x.shape[2]", words
            yield number, name, loss, f"* right * m) / {value}", words
            yield number, name, grad, f"* m / {value}", words
        first = "m = mask[:, :, None]"
        yield 18, name, first, f"mask = np.ones_like(mask); {first}", "the mask is not applied: padding counts in the loss and gets a gradient"
        yield 18, name, loss, f"* right) / {count}", "the mask is not applied: padding counts in the loss"
        yield 18, name, grad, f"/ {count}", "the mask is not applied on the way back: padding gets a gradient"
        yield 0, name, "axis=2, keepdims=True)  # (" + ("1" if what else "3") + ")\n    p", "axis=1, keepdims=True)  # (1)\n    p", "the sum runs over time instead of over the V scores"
        start = "s - s.max" if what else "x - x.max"
        yield 16, name, f"shifted = {start}(axis=2, keepdims=True)", f"shifted = {start[0]}", "exp overflows: subtract the largest score of a step first"
    clip = "clip_by_global_norm"
    each = "every array is scaled by its own norm; one factor for all keeps the direction"
    yield 0, clip, "[g * scale for g in gradients]", "[g * min(1.0, max_norm / np.sqrt(np.sum(g**2))) for g in gradients]", each
    yield 0, clip, "[g * scale for g in gradients]", "[np.clip(g, -max_norm, max_norm) for g in gradients]", "every entry is clipped by itself; all are to be scaled by one factor"
    yield 0, clip, "min(1.0, max_norm / norm) if norm > 0 else 1.0", "max_norm / norm", "scaled even if the norm is smaller than max_norm"
    yield 0, clip, "min(1.0, max_norm / norm) if norm > 0 else 1.0", "max_norm / norm if norm > 0 else 1.0", "scaled even if the norm is smaller than max_norm"
    yield 0, clip, "min(1.0, max_norm / norm) if norm > 0 else 1.0", "min(1.0, 1 / norm)", "max_norm is forgotten"
    yield 0, clip, "norm = np.sqrt(sum(np.sum(g**2) for g in gradients))", "norm = sum(np.sqrt(np.sum(g**2)) for g in gradients)", "the sum of the norms, not the norm of all together"
    yield 0, clip, "norm = np.sqrt(sum(np.sum(g**2) for g in gradients))", "norm = max(np.sqrt(np.sum(g**2)) for g in gradients)", "the largest of the norms, not the norm of all together"
    adam = "adam_step"
    yield 0, adam, "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat + eps)", "ε stands inside the root"
    yield 0, adam, "(np.sqrt(v_hat) + eps)", "np.sqrt(v_hat)", "ε is missing"
    yield 0, adam, "(np.sqrt(v_hat) + eps)", "(v_hat + eps)", "the root of v̂ is missing"
    for hat, beta in (("m", "beta1"), ("v", "beta2")):
        yield 0, adam, f"{hat} / (1 - {beta}**t)", f"{hat}", f"{hat} is not corrected for its start at 0"
        yield 0, adam, f"1 - {beta}**t", f"1 - {beta}**(t + 1)", "t counts from 1: t + 1 in place of t"
        yield 0, adam, f"1 - {beta}**t", f"1 - {beta}**(t - 1)", "t counts from 1: t - 1 in place of t"
    yield 0, adam, "lr * m_hat / (np.sqrt(v_hat) + eps)", "lr * m / (np.sqrt(v) + eps)", "neither m nor v is corrected for its start at 0"
    yield 0, adam, "m_hat / (np.sqrt(v_hat) + eps)", "m_hat / (np.sqrt(v / (1 - beta2**(t + 1))) + eps)", "t counts from 1"
    ig = "integrated_gradients"
    yield 0, ig, "(k + 0.5) / steps", "k / steps", "the gradient is taken at the beginning of every piece instead of its middle"
    yield 0, ig, "(k + 0.5) / steps", "(k + 1) / steps", "the gradient is taken at the end of every piece instead of its middle"
    yield 0, ig, "(k + 0.5) / steps", "k / (steps - 1)", "the points run from baseline to x, ends included; the middle of every piece is asked for"
    yield 0, ig, "gradient(x_k)", "gradient(x)", "the gradient is taken at x only, not along the path"
    yield 0, ig, "attributions = difference * g", "attributions = x * g", "x in place of x - baseline"
    yield 0, ig, "attributions = difference * g", "attributions = g", "missing the factor x - baseline"
    yield 0, ig, "x_k = baseline + (k + 0.5) / steps * difference", "x_k = (k + 0.5) / steps * x", "the path starts at 0 instead of at the baseline"


def windows() -> Iterator[tuple]:
    """Yield mistakes in truncated BPTT, embeddings and numeric gradients."""
    yield 6, "word_embedding_backward", "np.add.at(dW, x, dout)", "dW[x] += dout", "a word that occurs twice keeps only one of its gradients: dW[x] += dout does not add them up (np.add.at does)"
    yield 6, "word_embedding_backward", "np.add.at(dW, x, dout)", "dW[x] = dout", "a word that occurs twice keeps only one of its gradients: overwritten instead of accumulated"
    name = "truncated_bptt"
    run = "rnn_forward(x[:, start:stop], state"
    back = "_, _, dWx_w, dWh_w, db_w = rnn_backward(dh[:, start:stop], cache, dhT)"
    yield 14, name, run, "rnn_forward(x[:, start:stop], h0", "the state is lost between windows: every window starts from h0 instead of where the one before ended"
    yield 14, name, run, "rnn_forward(x[:, start:stop], 0 * state", "the state is lost between windows: every window starts from zeros"
    yield 14, name, run, "rnn_forward(x[:, start:stop], h0 if start == 0 else 0 * h0", "the state is lost between windows: every window starts from zeros"
    early = "the windows are cut one step too early: a window has k steps"
    yield 9, name, "range(0, T, k):\n        stop = min(start + k, T)", "range(0, T, k - 1):\n        stop = min(start + k - 1, T)", early
    yield 9, name, "range(0, T, k):\n        stop = min(start + k, T)", "range(0, T, k + 1):\n        stop = min(start + k + 1, T)", "the windows are one step too long: a window has k steps"
    yield 9, name, "stop = min(start + k, T)", "stop = min(start + k - 1, T)", early
    yield 9, name, "range(0, T, k)", "range(0, T - k + 1, k)", "the last, shorter window is left out"
    yield 9, name, back, "dWx_w = dWh_w = db_w = 0\n        if stop - start > 1: _, _, dWx_w, dWh_w, db_w = rnn_backward(dh[:, start + 1:stop], rnn_forward(x[:, start + 1:stop], h_w[:, 0], Wx, Wh, b)[2], dhT)", "the gradient is cut one step too early: the first step of every window gets none"
    whole = "dWx_w = dWh_w = db_w = 0\n        if stop == T: _, _, dWx_w, dWh_w, db_w = rnn_backward(dh, rnn_forward(x, h0, Wx, Wh, b)[2], 0 * h0)"
    yield 9, name, back, whole, "the gradient is carried across the cut: this is BPTT through the whole sequence"
    yield 9, name, "dhT = np.zeros((N, H))", "dhT = dh[:, stop - 1]", "something comes from above on a window's final state: dhT is 0 there"
    carried = "_, dh0_w, dWx_w, dWh_w, db_w = rnn_backward(dh[:, start:stop], cache, dh0_w if start else dhT)"
    yield 9, name, back, carried, "the gradient is carried across the cut, and in the wrong direction"
    for d in ("dWx", "dWh", "db"):
        yield 6, name, f"{d} += {d}_w", f"{d} = {d}_w", "that of the last window only: overwritten instead of accumulated"
    num = "numeric_gradient"
    yield 21, num, "(f(plus) - f(minus)) * dy", "(f(plus) - f(minus))", "dy, the gradient from above, is left out: with ones everywhere mistakes stay hidden"
    yield 0, num, "/ (2 * step)", "/ step", "divided by step: the two points are 2 · step apart"
    yield 0, num, "f(minus)) * dy) / (2 * step)", "f(x)) * dy) / step", "a one-sided difference: its error is of order step, not step²"
