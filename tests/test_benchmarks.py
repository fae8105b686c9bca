"""The benchmarks check before they time, keep what they find, and say what they left out."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import cli, limit, pictures, pool, tables
from benchmarks.cases import Case, data, lengths
from benchmarks.check import difference, faults
from benchmarks.contenders import KERNELS, NUMPY, Contender, ladder_v1, ladder_v2
from benchmarks.contenders.ladder_v0 import TASKS as REFERENCE
from benchmarks.results import Measurement, geometric_mean, read_json, write_json
from benchmarks.suites import SUITES, layers, scaling
from benchmarks.turns import Session, compare

SMALL = Case("layer", "lstm", (3, 5, 4, 6))


class Double:
    """Stands in for a contender's process: it gives fixed results and times."""

    def __init__(self, name, value, log):
        self.name, self.value, self.log = name, value, log

    def ask(self, request, *arguments):
        self.log.append((self.name, request))
        if request == "prepare" and isinstance(self.value, str):
            raise pool.WorkerError(self.value)
        return [0.5, 0.25] if request == "time" else {"h": np.array([self.value, 2.0])}


class DoublePool:
    """Gives a `Double` for each contender."""

    threads = 2

    def __init__(self, values):
        self.values, self.log = values, []

    def process(self, contender):
        return Double(contender.name, self.values[contender.name], self.log)


def race(values, rounds=2):
    """Return the session and the log of a comparison of doubles."""
    doubles = DoublePool(values)
    session = Session(doubles, rounds=rounds)
    compare(session, "layers", SMALL, [Contender(name, "nowhere") for name in values])
    return session, doubles.log


def made_up():
    """Return measurements of two contenders, one of them wrong once."""
    more = {
        "dtype": "float32",
        "flops": 1e9,
        "cell": "lstm",
        "backward": True,
        "shape": [1, 2, 3, 4],
    }
    label = "LSTM 1,2,3,4 float32 forward+backward"
    product = [
        Measurement("limit", "product", name, [0.01], more=more) for name in ("kernels", "PyTorch")
    ]
    return [
        *product,
        Measurement("layers", label, "kernels", [0.01, 0.02, 0.03], more=more),
        Measurement("layers", label, "PyTorch", [0.04], more=more),
        Measurement("layers", label, "ONNX Runtime", why="ONNX Runtime: h differs", wrong=True),
        Measurement("layers", label, "Keras (TF)", why="Keras (TF): tensorflow not installed"),
    ]


def test_the_command_line_understands_its_options():
    options = cli.parser().parse_args(["layers", "fit", "--quick", "--cells", "gru,rnn"])
    assert options.suites == ["layers", "fit"] and options.quick
    assert options.cells == ("gru", "rnn") and options.threads == 2


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["--cells", "lstn"], ["--rounds", "0"], ["--contenders", "Torch"]]
)
def test_the_command_line_refuses_what_it_does_not_know(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


def test_the_odd_one_out_is_found_whichever_it_is():
    right, wrong = {"h": np.array([1.0, 2.0])}, {"h": np.array([1.0, 2.1])}
    for culprit in "ABC":
        answers = {name: wrong if name == culprit else right for name in "ABC"}
        assert faults(answers, 1e-3).keys() == {culprit}
        assert not faults(answers, 0.1)


def test_one_against_one_condemns_both_and_one_alone_is_refused():
    assert faults({"A": {"h": np.ones(1)}, "B": {"h": np.zeros(1)}}, 1e-3).keys() == {"A", "B"}
    with pytest.raises(ValueError, match=r"expected two or more contenders, got \['A'\]"):
        faults({"A": {}}, 1e-3)


@pytest.mark.parametrize(
    "other", [{"h": np.array([1.0, np.nan])}, {"h": np.ones(3)}, {"dx": np.ones(2)}]
)
def test_nan_other_shapes_and_nothing_in_common_never_agree(other):
    right = {"h": np.ones(2)}
    assert not difference(right, other)[0] <= 1e9
    assert not difference(other, right)[0] <= 1e9
    assert faults({"A": right, "B": other, "C": right}, 1e9).keys() == {"B"}


def test_a_wrong_contender_is_not_timed():
    session, log = race({"A": 1.0, "B": 1.1, "C": 1.0})
    assert ("B", "time") not in log and log.count(("A", "time")) == 2
    wrong = [m for m in session.measurements if m.wrong]
    assert [(m.contender, m.values) for m in wrong] == [("B", [])]
    assert "h differs from A" in wrong[0].why


def test_all_are_checked_before_any_is_timed_and_then_take_turns():
    _, log = race({"A": 1.0, "B": 1.0})
    assert log == [(n, "prepare") for n in "AB"] + 2 * [("A", "time"), ("B", "time")]


def test_nobody_is_timed_without_another_to_check_against():
    session, log = race({"A": 1.0, "B": "B: out of memory"})
    assert all(request == "prepare" for _, request in log)
    whys = {m.contender: m.why for m in session.measurements}
    assert whys == {"A": "A: no other contender to check it against", "B": "B: out of memory"}


def test_what_is_not_installed_is_said():
    session = Session(DoublePool({}))
    assert session.present("layers", "case", [Contender("X", "m", ("no_such_package",))]) == []
    assert session.measurements[0].why == "X: no_such_package not installed"


def test_no_case_is_begun_after_the_deadline():
    doubles = DoublePool({"A": 1.0})
    session = Session(doubles, deadline=0.0)
    compare(session, "layers", SMALL, [Contender("A", "nowhere")])
    assert doubles.log == [] and session.measurements[0].why == "no time left"


def test_tables_show_medians_ratios_shares_and_what_is_wrong():
    text = layers.report(made_up())
    assert "20 ±25%" in text and "40 ±0%" in text and "WRONG" in text
    assert "2.00 (4.00)" in text  # times as long as the kernels: medians, fastest runs
    assert "50%" in text and "25%" in text  # of 100 GFLOP/s
    assert tables.ratios(made_up()[2:]) == {made_up()[2].case: {"PyTorch": pytest.approx(2.0)}}
    notes = tables.left_out(made_up())
    assert "WRONG: ONNX Runtime: h differs" in notes
    assert "not measured: Keras (TF): tensorflow not installed" in notes


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_reports_even_if_nothing_was_measured(name):
    empty = Measurement(name, "LSTM 1,2,3,4", "", why="no time left")
    assert SUITES[name].report([empty]).strip()
    assert "no time left" in tables.left_out([empty])


def test_scaling_reports_the_growth():
    found = [
        Measurement("scaling", case, "kernels", [value], more={"doubled": letter})
        for case, value, letter in [("a", 0.1, ""), ("b", 0.3, "T")]
    ]
    assert scaling.report(found).splitlines()[-1].split() == ["T", "doubled", "3.00"]


def test_results_survive_the_file(tmp_path):
    path = write_json(tmp_path / "deep" / "run.json", {"threads": "2"}, made_up())
    assert read_json(path) == ({"threads": "2"}, made_up())
    assert [p.name for p in path.parent.iterdir()] == ["run.json"]


def test_pictures_are_drawn_from_what_there_is(tmp_path):
    rungs = [
        Measurement("ladder", "a", n, [v], more=made_up()[0].more)
        for n, v in [("v0", 2), ("v1", 1)]
    ]
    names = {path.name for path in pictures.draw([*made_up(), *rungs], tmp_path)}
    assert names == {"ratios-float32-both.png", "share-float32-both.png", "ladder.png"}
    assert pictures.draw([], tmp_path) == []


def test_numbers_are_what_they_are_called():
    assert geometric_mean([1.0, 4.0]) == pytest.approx(2.0)
    assert limit.flops_per_second(made_up(), "float32") == pytest.approx(1e11)
    assert np.isnan(limit.flops_per_second(made_up(), "float64"))
    # 2·G·H·(D+H)·N·T, three times that with backward
    assert SMALL.flops == 3 * 2 * 4 * 6 * (4 + 6) * 3 * 5
    assert SMALL._replace(cell="gru", backward=False).flops == 2 * 3 * 6 * (4 + 6) * 3 * 5


def test_packed_cases_have_lengths_from_a_tenth_to_the_whole():
    case = Case("layer", "lstm", (400, 20, 1, 1), packed=True)
    drawn, given = lengths(case), data(case)
    assert drawn.min() == 2 and drawn.max() == 20
    assert (given.mask.sum(axis=1) == drawn).all()
    assert not given.dh[~given.mask].any() and given.dh[given.mask].all()
    assert case.flops == 3 * 2 * 4 * 2 * drawn.sum()


@pytest.mark.parametrize("rung", [ladder_v1, ladder_v2])
def test_every_step_of_the_ladder_computes_the_same(rung, monkeypatch):
    case = SMALL._replace(dtype="float64")
    if rung is ladder_v2:  # as plain Python: what it computes, not how fast
        for name in ("_forward", "_backward"):
            function = getattr(rung, name)
            monkeypatch.setattr(rung, name, getattr(function, "py_func", function))
    answers = {}
    for name, tasks in (("v0", REFERENCE), ("rung", rung.TASKS)):
        run, results = tasks["layer"](case)
        answers[name] = results(run())
    assert answers["v0"].keys() == {"h", "dx", "dWx", "dWh", "db"} == answers["rung"].keys()
    assert not faults(answers, 1e-12)


def test_a_tiny_run_times_kernels_and_reference_in_processes_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr(layers, "SHAPES", [SMALL.shape])
    monkeypatch.setattr(limit, "SIZE", 8)
    options = ["--contenders", "kernels,NumPy", "--cells", "rnn", "--dtypes", "float32"]
    options += ["--passes", "both", "--rounds", "1", "--output", str(tmp_path)]
    assert cli.main(["layers", *options]) == 0
    about, found = read_json(tmp_path / "benchmarks.json")
    assert about["threads"] == "2 for each contender"
    timed = [m.contender for m in found if m.suite == "layers" and m.values]
    assert timed == ["kernels", "NumPy"]
    assert (tmp_path / "ratios-float32-both.png").exists()


def test_a_process_that_cannot_start_says_why():
    with pool.Pool(1) as processes:
        for _ in range(2):
            with pytest.raises(pool.WorkerError, match="ModuleNotFoundError"):
                processes.process(Contender("X", "benchmarks.contenders.absent"))


def test_contenders_of_ours_run_on_the_backend_in_their_name():
    for contender, backend in ((KERNELS, "numba"), (NUMPY, "numpy")):
        settings = pool.environment(contender, 2)
        assert settings["SCRATCHRNN_BACKEND"] == backend
        assert settings["OMP_NUM_THREADS"] == settings["OPENBLAS_NUM_THREADS"] == "2"
