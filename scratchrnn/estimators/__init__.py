"""Classifier and regressor of whole sequences, in scikit-learn's shape; it need not be installed.

    sequences.py   lists of sequences as one padded, masked, scaled array
    base.py        parameters, network, training: what both share
    classify.py    SequenceClassifier
    regress.py     SequenceRegressor
"""

from __future__ import annotations

from .classify import SequenceClassifier
from .regress import SequenceRegressor

__all__ = ["SequenceClassifier", "SequenceRegressor"]
