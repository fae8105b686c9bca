"""Choosing how a model learns: optimizer, loss, metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import losses, metrics, optimizers

_BY_SHAPE = ("crossentropy", "ce")  # names that mean one of three losses
_REFUSED = {
    "loss_weights": (None, "there is one output; scale the loss itself"),
    "run_eagerly": (False, "models here always run eagerly"),
    "steps_per_execution": (1, "batches are run one by one"),
    "jit_compile": ("auto", "scratchrnn.set_backend chooses compiled kernels"),
    "auto_scale_loss": (True, "there is no float16 here"),
}


class NonFiniteError(FloatingPointError, ValueError):
    """The loss, or a gradient, turned NaN or infinite; the weights are those before the batch.

    Parameters
    ----------
    message : str
    loss : float
    """

    def __init__(self, message: str, loss: float = float("nan")):
        super().__init__(message)
        self.loss = loss


def refuse(who: str, given: dict[str, Any], refused: dict[str, tuple[Any, str]]) -> None:
    """Raise ``ValueError`` for arguments of Keras's that are not built here.

    Parameters
    ----------
    who : str
        First word of the error.
    given : dict
        Arguments by name.
    refused : dict
        By name, the only value that is taken (Keras's default) and the reason.

    Raises
    ------
    ValueError
        If one has another value, or is not known at all.
    """
    for name, value in given.items():
        if name not in refused:
            raise ValueError(f"{who}: {name}: there is no such argument")
        default, reason = refused[name]
        if type(value) is not type(default) or value != default:
            raise ValueError(f"{who}: {name}: not supported ({reason}), got {value!r}")


class Compiling:
    """Holds optimizer, loss and metrics of a model."""

    optimizer: Any = None
    loss: Any = None
    stop_training = False
    compile_arguments: dict | None = None
    _metrics: list | None = None
    _weighted_metrics: list | None = None

    def compile(
        self,
        optimizer: str | dict | optimizers.Optimizer = "rmsprop",
        loss: Any = None,
        metrics: Sequence | None = None,
        weighted_metrics: Sequence | None = None,
        **refused: Any,
    ) -> None:
        """Choose how the model learns.

        Parameters
        ----------
        optimizer : str or Optimizer, default "rmsprop"
        loss : str or Loss
            ``"crossentropy"`` is binary, categorical or sparse, by the shapes of targets and
            output.
        metrics : list of str or Metric, optional
            ``"accuracy"`` and ``"crossentropy"`` are chosen by the shapes too.
        weighted_metrics : list of str or Metric, optional
            Metrics that sample and class weights apply to.

        Raises
        ------
        ValueError
            If a name is not known, or an argument of Keras's is not supported here.
        """
        refuse("compile", refused, _REFUSED)
        if isinstance(loss, list | tuple) and len(loss) == 1:
            loss = loss[0]
        if loss is None or isinstance(loss, list | tuple) or (isinstance(loss, dict) and not loss):
            raise ValueError(f"compile: loss: expected a name or a Loss, got {loss!r}")
        arguments = {
            "loss": loss,
            "metrics": _as_list("metrics", metrics),
            "weighted_metrics": _as_list("weighted_metrics", weighted_metrics),
        }
        by_shape = isinstance(loss, str) and loss in _BY_SHAPE
        chosen = None if by_shape else _check_reduced(losses.get(loss))
        self.optimizer = optimizers.get(optimizer)
        self.loss, self.compile_arguments = chosen, arguments
        self._metrics = self._weighted_metrics = None
        self.stop_training = False

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self.optimizer is not None

    @property
    def metrics(self) -> list:
        """The metrics, unweighted ones first; empty until shapes of targets are known."""
        return [*(self._metrics or []), *(self._weighted_metrics or [])]

    @property
    def metrics_names(self) -> list[str]:
        """Names in the order in which `evaluate` returns values."""
        return ["loss", *(name for name, _ in self.named_metrics())]

    def reset_metrics(self) -> None:
        """Forget what the metrics have seen."""
        for metric in self.metrics:
            metric.reset_state()

    def _check_compiled(self, who: str) -> None:
        if not self.compiled:
            raise ValueError(f"{who}: model: call compile first")

    def _resolve(self, who: str, x_shape: tuple, y) -> None:
        """Build the model, and choose loss and metrics that depend on shapes."""
        if not self.built:
            self.build((None, *x_shape))
        if y is None:
            raise ValueError(f"{who}: y: expected targets, got None")
        if self._metrics is not None:
            return
        y_pred = np.empty([1 if size is None else size for size in self.output_shape], np.float32)
        y = np.empty([1 if axis == 0 else size for axis, size in enumerate(y.shape)], np.float32)
        if self.loss is None:
            self.loss = losses.get(loss_by_shape(y, y_pred))
        chosen = self.compile_arguments
        self._metrics = [_metric(m, y, y_pred) for m in chosen["metrics"]]
        self._weighted_metrics = [_metric(m, y, y_pred) for m in chosen["weighted_metrics"]]

    def named_metrics(self) -> list[tuple[str, Any]]:
        """Return metrics with the names that they have in logs: Keras's rules for equal names."""
        named: dict[str, Any] = {}
        counts: dict[str, int] = {}

        def put(name: str, metric) -> None:
            count = counts[name] = counts.get(name, 0) + 1
            named[name if count == 1 else f"{name}_{count - 1}"] = metric

        for metric in self._metrics or []:
            put(metric.name, metric)
        for metric in self._weighted_metrics or []:
            put(f"weighted_{metric.name}" if metric.name in named else metric.name, metric)
        return list(named.items())

    def _metric_logs(self) -> dict[str, float]:
        return {name: float(metric.result()) for name, metric in self.named_metrics()}


def _check_reduced(loss):
    if getattr(loss, "reduction", "sum") in (None, "none"):
        raise ValueError("compile: loss: expected a reduction to one number, got reduction=None")
    return loss


def _as_list(name: str, requests) -> list:
    if requests is None:
        return []
    if not isinstance(requests, list | tuple):
        raise ValueError(f"compile: {name}: expected a list, got {requests!r}")
    flat = []
    for request in requests:
        flat.extend(request if isinstance(request, list | tuple) else [request])
    return flat


def loss_by_shape(y: np.ndarray, y_pred: np.ndarray) -> str:
    """Return the cross-entropy that fits the shapes, as Keras chooses it.

    Examples
    --------
    >>> import numpy as np
    >>> loss_by_shape(np.zeros(5), np.zeros((5, 3)))
    'sparse_categorical_crossentropy'
    """
    if y_pred.shape[-1] == 1:
        return "binary_crossentropy"
    if y.ndim < y_pred.ndim or y.shape[-1] == 1:
        return "sparse_categorical_crossentropy"
    return "categorical_crossentropy"


def _metric(request, y: np.ndarray, y_pred: np.ndarray):
    if isinstance(request, str) and request in _BY_SHAPE:
        metric = metrics.get(loss_by_shape(y, y_pred))
        metric.name = request
        return metric
    return metrics.get(request, y_true=y, y_pred=y_pred)
