"""The limit: the speed of a large matrix product, measured in the same run."""

from __future__ import annotations

from .cases import Case
from .contenders import KERNELS, TORCH
from .results import Measurement
from .turns import Session, compare

SUITE, SIZE = "limit", 1536


def measure(session: Session, dtype: str) -> None:
    """Time NumPy's and PyTorch's product of large matrices, once a run."""
    case = Case("gemm", shape=(SIZE, 0, 0, 0), dtype=dtype)
    if not any(m.case == case.label for m in session.of(SUITE)):
        compare(session, SUITE, case, (KERNELS, TORCH))


def flops_per_second(measurements: list[Measurement], dtype: str) -> float:
    """Return the best speed of any run, NaN if none was measured."""
    speeds = [
        m.more["flops"] / m.fastest
        for m in measurements
        if m.suite == SUITE and m.values and m.more["dtype"] == dtype
    ]
    return max(speeds, default=float("nan"))


def share(m: Measurement, measurements: list[Measurement]) -> float:
    """Return which share of the limit a layer's matrix products alone come to."""
    return m.more["flops"] / m.median / flops_per_second(measurements, m.more["dtype"])
