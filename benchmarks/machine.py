"""What a run ran on: processor, system, versions."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

import numpy as np

PACKAGES = (
    "numpy", "numba", "llvmlite", "torch", "keras", "jax", "jaxlib", "tensorflow",
    "tensorflow-cpu", "onnxruntime", "av",
)  # fmt: skip


def describe(threads: int) -> dict[str, str]:
    """Return the machine, the system and the versions of everything that takes part.

    Parameters
    ----------
    threads : int
        Of each contender.
    """
    import scratchrnn

    about = {
        "processor": f"{_processor()}, {_usable()} of {os.cpu_count()} processors usable",
        "system": f"{platform.platform()}, Python {platform.python_version()}",
        "threads": f"{threads} for each contender",
        "scratchrnn": scratchrnn.__version__,
    }
    about |= {name: version for name in PACKAGES if (version := _version(name))}
    blas = np.show_config(mode="dicts")["Build Dependencies"].get("blas", {})
    about["numpy's BLAS"] = f"{blas.get('name', '?')} {blas.get('version', '')}".strip()
    return about


def _usable() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
