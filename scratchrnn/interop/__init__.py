"""Weights and models in and out: Keras, PyTorch and ONNX.

Keras 3:  `load_keras_weights`, `load_keras_model`; `save_keras_weights`, `save_keras_model`.
PyTorch:  `from_torch`, `load_torch`, `load_safetensors`; `to_torch`, `save_safetensors`.
ONNX:     `from_onnx` (RNN, LSTM and GRU nodes); `to_onnx` (a whole Sequential).

None of these frameworks is needed, nor imported. Keras's files need h5py (extra ``keras-weights``)
and ONNX's need onnx (extra ``onnx``), each imported when first used. No file can run code here, and
what does not fit is refused with the file, the name, what was expected and what came.
"""

from __future__ import annotations

import importlib

_HOMES = {
    "OnnxRecurrence": "onnx_recurrence",
    "from_onnx": "onnx_import",
    "from_torch": "torch_import",
    "load_keras_model": "keras_model",
    "load_keras_weights": "keras_weights",
    "load_safetensors": "safetensors_file",
    "load_torch": "torch_import",
    "save_keras_model": "keras_model",
    "save_keras_weights": "keras_weights",
    "save_safetensors": "safetensors_file",
    "to_onnx": "onnx_export",
    "to_torch": "torch_export",
}
__all__ = list(_HOMES)


def __getattr__(name: str):
    """Load a function's module when it is first asked for."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
