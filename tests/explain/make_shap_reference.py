"""Ask the shap package for Shapley values, and store them for the tests, which need no shap.

python -m tests.explain.make_shap_reference
"""

from __future__ import annotations

import json
from pathlib import Path

from .tabular import CASES, data

PATH = Path(__file__).with_name("shap_reference.json")


def ask_shap(name: str) -> dict:
    """Return the expected values and the Shapley values (N, D, K) of a case."""
    import shap

    function, D = CASES[name]
    x, background = data(name)
    explainer = shap.KernelExplainer(function, background)
    values = explainer.shap_values(x, nsamples=2**D, l1_reg=False, silent=True)
    return {"expected": explainer.expected_value.tolist(), "values": values.tolist()}


if __name__ == "__main__":
    import shap

    found = {"shap": shap.__version__, **{name: ask_shap(name) for name in CASES}}
    PATH.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
