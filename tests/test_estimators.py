"""Classifier and regressor in scikit-learn's shape, with scikit-learn and without."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from scratchrnn.estimators import SequenceClassifier, SequenceRegressor

FAST = {"cell": "gru", "units": 6, "epochs": 12, "learning_rate": 0.03, "random_state": 0}


def ragged(N=36, seed=0) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(3, 8), 2)) + (k % 2) * 2 for k in range(N)]
    return X, np.where(np.arange(N) % 2, "high", "low")


def series(N=48, seed=0) -> tuple[np.ndarray, np.ndarray]:
    X = np.random.default_rng(seed).normal(size=(N, 5, 2))
    return X, 100 + 10 * X[:, :, 0].sum(axis=1)


def test_a_classifier_learns_labels_of_any_kind_from_lists_of_any_lengths():
    X, y = ragged()
    model = SequenceClassifier(**FAST)
    assert model.fit(X, y) is model
    assert model.classes_.tolist() == ["high", "low"] and model.n_features_in_ == 2
    assert model.score(X, y) > 0.9 and set(model.predict(X)) == {"high", "low"}
    shares = model.predict_proba(X)
    assert shares.shape == (36, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(model.classes_[shares.argmax(axis=1)], model.predict(X))


def test_a_regressor_learns_targets_of_any_scale():
    X, y = series()
    model = SequenceRegressor(**{**FAST, "epochs": 40}).fit(X, y)
    assert model.score(X, y) > 0.9 and model.predict(X).shape == (48,)
    both = np.column_stack([y, -y / 1000])
    model = SequenceRegressor(**{**FAST, "epochs": 40}).fit(X, both)
    assert model.predict(X).shape == (48, 2) and model.score(X, both) > 0.85


def test_padding_and_lists_are_the_same():
    X, y = ragged()
    lengths = np.array([len(x) for x in X])
    padded = np.full((len(X), lengths.max() + 2, 2), np.nan)
    for row, x in zip(padded, X, strict=True):
        row[: len(x)] = x
    mask = np.arange(padded.shape[1]) < lengths[:, None]
    one, other = SequenceClassifier(**FAST), SequenceClassifier(**FAST)
    one.fit(X, y)
    other.fit(padded, y, mask=mask)
    np.testing.assert_allclose(
        one.predict_proba(X), other.predict_proba(padded, mask=mask), rtol=1e-4, atol=1e-5
    )
    assert other.score(padded, y, mask=mask) == one.score(X, y)


def test_series_of_numbers_have_one_feature():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 6))
    a = SequenceRegressor(**FAST).fit(X, X[:, -1]).predict(X)
    b = SequenceRegressor(**FAST).fit(list(X), X[:, -1]).predict(X[..., None])
    np.testing.assert_array_equal(a, b)


def test_the_same_random_state_gives_the_same_model():
    X, y = ragged()
    first, second = (SequenceClassifier(**FAST).fit(X, y).predict_proba(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = SequenceClassifier(**{**FAST, "random_state": 1}).fit(X, y).predict_proba(X)
    assert not np.array_equal(first, other)
    states = (np.random.RandomState(3) for _ in range(2))
    a, b = (SequenceClassifier(**{**FAST, "random_state": s}).fit(X, y) for s in states)
    np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X))


def test_a_held_out_share_stops_training_early():
    X, _ = ragged()
    y = np.random.default_rng(1).integers(0, 2, len(X))  # nothing to be learned
    model = SequenceClassifier(
        **{**FAST, "epochs": 200, "validation_fraction": 0.25, "patience": 3}
    ).fit(X, y)
    seen = model.history_["val_loss"]
    assert model.n_epochs_ == len(seen) == np.argmin(seen) + 1 + 3 < 200


def test_the_network_is_as_asked_for():
    X, y = ragged()
    model = SequenceClassifier("rnn", units=3, n_layers=2, bidirectional=True, epochs=1)
    names = [type(layer).__name__ for layer in model.fit(X, y).model_.layers]
    assert names == ["Bidirectional", "Bidirectional", "Dense"]
    assert model.model_.output_shape == (None, 2)


def test_weights_count():
    X, y = ragged()
    only_high = SequenceClassifier(**FAST).fit(X, y, sample_weight=np.where(y == "high", 1, 1e-6))
    assert (only_high.predict(X) == "high").all()
    of_class = SequenceClassifier(**FAST, class_weight={"low": 1e-6}).fit(X, y)
    np.testing.assert_allclose(of_class.predict_proba(X), only_high.predict_proba(X), atol=1e-3)
    balanced = SequenceClassifier(**FAST, class_weight="balanced").fit(X, y)
    plain = SequenceClassifier(**FAST).fit(X, y)
    np.testing.assert_array_equal(balanced.predict_proba(X), plain.predict_proba(X))
    assert plain.score(X, y, sample_weight=np.linspace(0, 1, 36)) > 0.9


def test_parameters_are_read_and_set():
    model = SequenceClassifier(units=7)
    assert model.get_params()["units"] == 7 and model.get_params()["cell"] == "lstm"
    assert model.set_params(units=9, epochs=3) is model and model.units == 9
    assert repr(model) == "SequenceClassifier(units=9, epochs=3)"
    with pytest.raises(ValueError, match=r"set_params: expected among cell, .*, got \['unit'\]"):
        model.set_params(unit=3)


X0, Y0 = ragged()
BAD = {
    "cell": (dict(cell="tcn"), {}, "cell: expected one of"),
    "units": (dict(units=0), {}, "units"),
    "layers": (dict(n_layers=0), {}, "n_layers: expected 1 to 16, got 0"),
    "layers of text": (dict(n_layers="2"), {}, "n_layers: expected an integer, got '2'"),
    "fraction": (dict(validation_fraction=1.0), {}, "validation_fraction: expected 0 to 1"),
    "everything": (dict(validation_fraction=0.99), {}, "leaves nothing to fit"),
    "state": (dict(random_state="a"), {}, "random_state: expected an integer or None"),
    "class_weight": (dict(class_weight="even"), {}, "class_weight: expected a dict, 'balanced'"),
    "short y": ({}, dict(y=Y0[:5]), "y: expected 36 targets, one a sequence, got 5"),
    "wide y": ({}, dict(y=np.ones((36, 2))), "y: expected one label a sequence"),
    "one class": ({}, dict(y=np.zeros(36)), "y: expected 2 classes"),
    "y NaN": ({}, dict(y=np.full(36, np.nan)), "y: expected labels, got NaN"),
    "no sequences": ({}, dict(X=[]), "X: expected at least one sequence"),
    "an empty one": ({}, dict(X=[np.zeros((0, 2)), *X0[1:]]), r"X\[0\]: expected at least one"),
    "NaN": ({}, dict(X=[X0[0] * np.nan, *X0[1:]]), r"X\[0\]: expected finite numbers"),
    "widths": ({}, dict(X=[X0[0][:, :1], *X0[1:]]), r"expected one width D, got \[1, 2\]"),
    "four axes": ({}, dict(X=np.zeros((36, 3, 2, 2))), r"expected \(N, T, D\)"),
    "text": ({}, dict(X="sequences"), "expected an array or a list of arrays"),
    "a mask for lists": ({}, dict(mask=np.ones((36, 9), bool)), "mask: only for sequences of one"),
    "a short mask": ({}, dict(X=np.zeros((36, 3, 2)), mask=np.ones((36, 2), bool)), "mask: expect"),
    "an empty row": (
        {}, dict(X=np.zeros((36, 3, 2)), mask=np.zeros((36, 3), bool)), "at least one real step",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("options", "arguments", "message"), BAD.values(), ids=BAD)
def test_misuse_is_told(options, arguments, message):
    model = SequenceClassifier(**{**FAST, **options})
    with pytest.raises(ValueError, match=message):
        model.fit(**{"X": X0, "y": Y0, **arguments})


def test_prediction_needs_a_fitted_model_and_the_same_width():
    with pytest.raises(ValueError, match="SequenceRegressor: predict: call fit first"):
        SequenceRegressor().predict(X0)
    for method in ("predict", "predict_proba"):
        with pytest.raises(ValueError, match=f"SequenceClassifier: {method}: call fit first"):
            getattr(SequenceClassifier(), method)(X0)
    model = SequenceClassifier(**{**FAST, "epochs": 1}).fit(X0, Y0)
    with pytest.raises(ValueError, match="expected D=2 numbers a step, got 3"):
        model.predict(np.zeros((2, 5, 3)))
    with pytest.raises(ValueError, match=r"y: expected \(N,\) or \(N, K\)"):
        SequenceRegressor().fit(np.zeros((3, 4, 2)), np.zeros((3, 1, 1)))


def test_a_fitted_model_goes_through_pickle():
    model = SequenceClassifier(**FAST).fit(X0, Y0)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X0), model.predict_proba(X0))


def test_scikit_learn_is_not_needed():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import numpy as np\n"
        "from scratchrnn.estimators import SequenceClassifier\n"
        "X = np.random.default_rng(0).normal(size=(6, 3, 2))\n"
        "print(SequenceClassifier(epochs=1).fit(X, [0, 1] * 3).score(X, [0, 1] * 3) >= 0)\n"
    )
    environment = {**os.environ, "SCRATCHRNN_BACKEND": "numpy"}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert run.stdout == "True\n"


# -- with scikit-learn -------------------------------------------------------------------------


@pytest.fixture
def sklearn():
    return pytest.importorskip("sklearn", reason="scikit-learn is not installed")


@pytest.mark.parametrize("kind", [SequenceClassifier, SequenceRegressor])
def test_clones_have_the_parameters_and_nothing_learned(sklearn, kind):
    from sklearn.base import clone, is_classifier, is_regressor

    model = kind(units=5, epochs=1).fit(*((X0, Y0) if kind is SequenceClassifier else series()))
    twin = clone(model)
    assert type(twin) is kind and twin.get_params() == model.get_params()
    assert not hasattr(twin, "model_")
    assert is_classifier(model) == (kind is SequenceClassifier) != is_regressor(model)


def test_a_grid_search_finds_the_better_parameter(sklearn):
    from sklearn.model_selection import GridSearchCV

    search = GridSearchCV(SequenceClassifier(**FAST), {"learning_rate": [1e-7, 0.03]}, cv=3)
    search.fit(X0, Y0)
    assert search.best_params_ == {"learning_rate": 0.03} and search.best_score_ > 0.8
    assert search.predict(X0).shape == (36,) and search.predict_proba(X0).shape == (36, 2)
    X, y = series()
    search = GridSearchCV(SequenceRegressor(**FAST), {"epochs": [1, 30]}, cv=2, scoring="r2")
    assert search.fit(X, y).best_params_ == {"epochs": 30}


def test_scores_are_those_of_scikit_learn(sklearn):
    from sklearn.metrics import accuracy_score, r2_score

    weights = np.random.default_rng(0).uniform(size=48)
    model = SequenceClassifier(**{**FAST, "epochs": 3}).fit(X0, Y0)
    assert model.score(X0, Y0) == accuracy_score(Y0, model.predict(X0))
    X, y = series()
    both = np.column_stack([y, np.ones(48)])
    model = SequenceRegressor(**{**FAST, "epochs": 3}).fit(X, both)
    for w in (None, weights):
        expected = r2_score(both, model.predict(X), sample_weight=w)
        assert model.score(X, both, sample_weight=w) == pytest.approx(expected)


def test_cross_validation_and_pipelines_take_it(sklearn):
    from sklearn.model_selection import cross_val_predict, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    X, y = series()
    labels = y > 100
    pipeline = make_pipeline(FunctionTransformer(lambda x: 2 * x), SequenceClassifier(**FAST))
    assert cross_val_score(pipeline, X, labels, cv=2).mean() > 0.6
    assert cross_val_predict(SequenceRegressor(**FAST), X, y, cv=2).shape == (48,)
