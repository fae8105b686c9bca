"""What `evaluate` and `predict` take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..callbacks import Callback, CallbackList
from ..data import Feed, open_data
from .loop import Mean, quiet
from .steps import as_returned


class Evaluating:
    """The `evaluate` and `predict` of a model."""

    def evaluate(
        self,
        x: Any = None,
        y: ArrayLike | None = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: ArrayLike | None = None,
        steps: int | None = None,
        callbacks: Callback | Sequence[Callback] | None = None,
        return_dict: bool = False,
        mask: ArrayLike | None = None,
    ) -> float | list[float] | dict[str, float]:
        """Return loss and metrics.

        Parameters
        ----------
        x, y, batch_size, sample_weight, mask
            As in `fit`.
        verbose : {"auto", 0, 1, 2}
        steps : int, optional
            Batches to take; by default all.
        callbacks : list of Callback, optional
        return_dict : bool, default False

        Returns
        -------
        float, list of float or dict
            The loss alone where there are no metrics, ``[loss, *metrics]``, or a dict by name.

        Raises
        ------
        ValueError
            If arrays do not fit each other or the model, or hold NaN or infinity.
        """
        self._check_compiled("evaluate")
        feed = Feed(open_data("evaluate", x, y, sample_weight, mask, batch_size), _steps(steps))
        first = feed.first()
        self._resolve("evaluate", first.x.shape[1:], first.y)
        listed = self._callbacks("evaluate", callbacks, verbose, steps=feed.steps)
        return as_returned(self.run_evaluation(feed, listed), return_dict)

    def run_evaluation(self, feed: Feed, callbacks: CallbackList) -> dict[str, float]:
        """Return loss and metrics of one pass, calling the turns of evaluation.

        Parameters
        ----------
        feed : Feed
        callbacks : CallbackList

        Returns
        -------
        dict of str to float
        """
        callbacks.call("on_test_begin")
        self.reset_metrics()
        self.stop_evaluating = False
        loss, logs = Mean(), {}
        for number, batch in enumerate(feed.epoch()):
            if batch.y is None:
                raise ValueError("evaluate: y: expected targets, got None")
            callbacks.call("on_test_batch_begin", number)
            with quiet():
                loss.add(self.test_step(batch), len(batch.x))
            if callbacks.wants_batch_logs:
                logs = {"loss": loss.result(), **self._metric_logs()}
            callbacks.call("on_test_batch_end", number, logs=logs)
            if self.stop_evaluating:
                break
        logs = {"loss": loss.result(), **self._metric_logs()}
        callbacks.call("on_test_end", logs=logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Callback | Sequence[Callback] | None = None,
        mask: ArrayLike | None = None,
    ) -> np.ndarray:
        """Return the model's output for every sample.

        Parameters
        ----------
        x : array_like, (N, …), or a data set
            Of batches that hold targets, x alone is used.
        batch_size : int, default 32
        verbose : {"auto", 0, 1, 2}
        steps : int, optional
            Batches to take; by default all.
        callbacks : list of Callback, optional
        mask : array_like of bool, (N, T), optional

        Returns
        -------
        ndarray, (N, …)

        Raises
        ------
        ValueError
            If the input does not fit the model, or batches give outputs of several shapes.
        """
        feed = Feed(open_data("predict", x, None, None, mask, batch_size), _steps(steps))
        listed = self._callbacks("predict", callbacks, verbose, steps=feed.steps)
        listed.call("on_predict_begin")
        self.stop_predicting = False
        outputs: list[np.ndarray] = []
        for number, batch in enumerate(feed.epoch()):
            listed.call("on_predict_batch_begin", number)
            outputs.append(self(batch.x, mask=batch.mask))
            listed.call("on_predict_batch_end", number, logs={"outputs": outputs[-1]})
            if self.stop_predicting:
                break
        listed.call("on_predict_end")
        shapes = {output.shape[1:] for output in outputs}
        if len(shapes) > 1:
            raise ValueError(
                f"predict: batches gave outputs of several shapes, {sorted(shapes)}; "
                "call predict_on_batch for each"
            )
        return np.concatenate(outputs)


def _steps(steps) -> int | None:
    from .fitting import check_count

    check_count("evaluate, predict", "steps", steps, 1, optional=True)
    return steps
