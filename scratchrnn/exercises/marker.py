"""Marking one function: run it on every case, compare, find the cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .behaviour import BEHAVIOURS
from .calling import (
    Unusable,
    as_arrays,
    choose_signature,
    documented_order,
    find_forward,
    parameter_names,
    read_outputs,
    turn_gates,
)
from .diagnosis import Wrong, diagnose
from .draws import Case, cases_of
from .hypotheses import TOLERANCE, agrees, right_outputs, settle
from .intermediates import compare_intermediates
from .places import equation, tags_of
from .result import Marking, Row
from .running import call
from .runs import Run, compare, slack, with_order

_LOOSE = {"numeric_gradient": 1e-8}  # differences have an error of their own
_LEAK = "state leaks from one call into the next"
_OVERFLOW = ("overflow", "invalid value")


class Marker:
    """Everything about one function that is being marked."""

    def __init__(self, function: Callable, name: str, beside: Mapping[str, Any]):
        self.function, self.name, self.beside = function, name, beside
        self.signature = choose_signature(function, name, beside)
        self.exercise = self.signature.exercise
        self.forward = None
        missing = set(self.exercise.inputs) - set(self.signature.arguments)
        if self.exercise.forward:
            self.forward = find_forward(self.exercise, self.signature.order, beside)
            wanted = set(self.forward[1].exercise.inputs)
            missing |= wanted - set(self.forward[1].arguments)
            if self.forward[1].order != self.signature.order:
                self.signature = with_order(self.signature, self.forward[1].order)
        self.zeroed = tuple(sorted(missing))
        self.result = Marking(self.exercise.name if name == self.exercise.name else name)
        self.tolerance = _LOOSE.get(self.exercise.name, TOLERANCE)

    def mark(self) -> Marking:
        """Run all cases and say what is wrong."""
        runs = []
        for number, case in enumerate(cases_of(self.exercise.name)):
            run = self.run(case, number)
            if run.made.not_begun or self._untouched(run):
                self.result.begun = False
                return self.result
            runs.append(run)
            if run.problem and not case.corner:
                break
        self._arrange(runs)
        self._judge(runs)
        return self.result

    def run(self, case: Case, number: int) -> Run:
        """Call the function on one case."""
        inputs = settle(self.exercise, case.inputs, self.zeroed)
        arguments = {n: inputs[n] for n in self.signature.arguments if n != "cache"}
        if self.forward is not None:
            cache, there = self._cache(inputs)
            if not there:
                name = getattr(self.forward[0], "__name__", self.exercise.forward)
                return self._without_cache(case, number, arguments, name)
            arguments["cache"] = cache
        ordered = {n: self._turned(n, arguments[n]) for n in self.signature.arguments}
        made = call(self.function, ordered, watch=number == 0)
        run = Run(case, number, made, signature=self.signature)
        if made.error or made.not_begun:
            run.problem = made.error
            return run
        self._read(run)
        self._again(run, ordered, inputs)
        return run

    def _cache(self, inputs: dict[str, Any]) -> tuple[Any, bool]:
        """Return the cache that the student's forward function makes, and whether there is one."""
        function, signature = self.forward
        value = call(function, {n: self._turned(n, inputs[n]) for n in signature.arguments}).value
        if isinstance(value, Mapping):
            return value.get("cache"), "cache" in value
        there = isinstance(value, tuple | list) and value[-1] is not None
        return (value[-1] if there else None), there

    def _without_cache(self, case: Case, number: int, arguments: dict, forward: str) -> Run:
        """Return a run that never was, since there is no cache: is the function begun at all?"""
        ordered = {n: arguments.get(n) for n in self.signature.arguments}
        made = call(self.function, ordered)
        if not made.error and made.value is not None:
            made.value = ()
        run = Run(case, number, made, signature=self.signature)
        run.problem = f"needs the cache of your {forward}, which gives none: write that first"
        return run

    def _turned(self, name: str, value: Any) -> Any:
        """Return weights with their gates in the student's order."""
        order = self.signature.order
        if order and name in {"Wx", "Wh", "b"}:
            return turn_gates(value, self.exercise.gates, order)
        return value

    def _read(self, run: Run) -> None:
        try:
            found, _, run.signature = read_outputs(run.made.value, self.signature)
        except Unusable as problem:
            run.problem = str(problem)
            return
        run.outputs, run.faults = self._arrays(found)

    def _arrays(self, found: dict[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Return results as arrays with their gates in the exercise's order, and the faults."""
        arrays, faults = as_arrays(found)
        order = self.signature.order
        for name in {"dWx", "dWh", "db"} & set(arrays) if order else ():
            if arrays[name].ndim:
                arrays[name] = turn_gates(arrays[name], order, self.exercise.gates)
        return arrays, faults

    def _again(self, run: Run, arguments: dict[str, Any], inputs: dict[str, Any]) -> None:
        """Call once more: the same inputs have to give the same results."""
        if run.problem or run.number > 1:
            return
        if "cache" in arguments and not self._same(run, arguments):
            self._note("uses its cache up: a second call with the same cache gives something else")
        if self.forward is not None:
            arguments = {**arguments, "cache": self._cache(inputs)[0]}
        if not self._same(run, arguments):
            self._wrong(f"called twice with the same arguments it gives different results: {_LEAK}")

    def _same(self, run: Run, arguments: dict[str, Any]) -> bool:
        """Whether another call gives what `run` gave."""
        again = call(self.function, arguments)
        try:
            found, _, _ = read_outputs(again.value, self.signature)
        except Unusable:
            return False
        second, _ = self._arrays(found)
        return second.keys() == run.outputs.keys() and all(
            agrees(second[k], run.outputs[k]) for k in second
        )

    def _note(self, text: str) -> None:
        if text not in self.result.notes:
            self.result.notes.append(text)

    def _wrong(self, text: str) -> None:
        if text not in self.result.diagnoses:
            self.result.diagnoses.append(text)

    @staticmethod
    def _untouched(run: Run) -> bool:
        """Whether a template was handed in as it was: ``return None, None``."""
        value = run.made.value
        if run.made.error:
            return False
        values = value if isinstance(value, tuple) else (value,)
        return len(values) > 0 and all(v is None for v in values)

    def _arrange(self, runs: list[Run]) -> None:
        """Accept results in another order where the docstring gives that order."""
        signature = runs[0].signature
        order = documented_order(self.function, signature) if signature else None
        names = list(signature.returns) if signature else []
        if order is None or order == names or self._all_right(runs[0]):
            return
        moved = [dict(zip(order, run.outputs.values(), strict=False)) for run in runs]
        if self._all_right(Run(runs[0].case, 0, runs[0].made, moved[0])):
            for run, outputs in zip(runs, moved, strict=True):
                run.outputs = {n: outputs[n] for n in names if n in outputs}
            self.result.notes.append(
                f"results taken in the order that the docstring gives: {', '.join(order)}"
            )

    def _right(self, run: Run) -> dict[str, np.ndarray]:
        right = right_outputs(self.exercise.name, run.number, self.zeroed)
        signature = run.signature or self.signature
        return {k: right[k] for k in signature.returns}

    def _all_right(self, run: Run) -> bool:
        right = self._right(run)
        return all(
            k in run.outputs and agrees(run.outputs[k], right[k], slack(run.outputs[k]))
            for k in right
        )

    def _judge(self, runs: list[Run]) -> None:
        self._conduct(runs)
        first = runs[0]
        if first.problem:
            self._wrong(first.problem)
            return
        for run in runs[1:2]:
            if run.problem:
                self._wrong(f"with {run.case.label}: {run.problem}")
        for name, fault in first.faults.items():
            self._wrong(f"{first.signature.label(name)} {fault}, expected an array")
        self._table(first)
        if any(_LEAK in text for text in self.result.diagnoses):
            return
        failed = [run for run in runs if not run.problem and not self._all_right(run)]
        general = [run for run in failed if not run.case.corner]
        if general:
            self._explain(general[0], runs)
        elif BEHAVIOURS.get(self.exercise.name) is None or not self.result.diagnoses:
            self._corners(runs)
        special = BEHAVIOURS.get(self.exercise.name)
        if special is not None:
            special(self.function, self.result)
        self._remarks(runs)

    def _conduct(self, runs: list[Run]) -> None:
        changed = list(dict.fromkeys(name for run in runs for name in run.made.changed))
        if changed:
            theirs = dict(
                zip(self.signature.arguments, parameter_names(self.function), strict=False)
            )
            names = ", ".join(theirs.get(name, name) for name in changed)
            self._wrong(
                f"changes its argument {names} in place: whoever passed it in still needs it "
                "(copy, or write a = a + b instead of a += b)"
            )

    def _table(self, run: Run) -> None:
        right = self._right(run)
        for name, array in right.items():
            tag = " ".join(f"({t})" for t in tags_of(self.exercise, name))
            label = (run.signature or self.signature).label(name)
            if name not in run.outputs:
                self.result.rows.append(Row(label, tag, "-", "MISSING"))
                continue
            got = run.outputs[name]
            compared, difference = compare(got, array, self.tolerance)
            self.result.rows.append(Row(label, tag, str(got.shape), compared, difference))
        rows, self.first_wrong = compare_intermediates(
            self.exercise, run.case, self.zeroed, run.made.intermediates, self.signature.order
        )
        self.result.rows += rows

    def _explain(self, run: Run, runs: list[Run]) -> None:
        bad = [k for k, v in run.outputs.items() if not np.isfinite(v).all()]
        if bad:  # what is right is finite in every case that is no corner
            label = run.signature.label
            tags = equation(tags_of(self.exercise, bad[0]))
            self._wrong(f"{', '.join(map(label, bad))}: NaN or infinity, {tags}")
            return
        single = any(v.dtype == np.float32 for v in run.outputs.values())
        others = [r for r in runs if r.number != run.number and not r.case.corner]
        other = others[0] if others and not others[0].problem else None
        wrong = Wrong(
            run.signature or self.signature,
            run.number,
            run.outputs,
            other.outputs if other else {},
            other.number if other else 0,
            self.zeroed,
            1e-5 if single else max(self.tolerance, TOLERANCE),
            self.first_wrong,
        )
        for text in diagnose(wrong):
            self._wrong(text)
        if self.forward is not None:
            self._blame_forward()

    def _blame_forward(self) -> None:
        """Say so if the cache comes from a forward pass that is wrong itself."""
        function, signature = self.forward
        one = Marker(function, signature.names[0], self.beside)
        run = one.run(cases_of(one.exercise.name)[0], 0)
        if run.problem or not one._all_right(run):
            self.result.notes.append(
                f"the cache comes from your {function.__name__}, which is wrong: mend that first"
            )

    def _corners(self, runs: list[Run]) -> None:
        for run in runs:
            if not run.case.corner or (not run.problem and self._all_right(run)):
                continue
            if "large" in run.case.label:
                self._wrong(self._overflows(run))
            elif run.problem:
                self._wrong(f"with {run.case.label}: {run.problem}")
            else:
                for text in self._corner(run, runs):
                    self._wrong(text)

    def _corner(self, run: Run, runs: list[Run]) -> list[str]:
        right = self._right(run)
        bad = [k for k in right if k in run.outputs and not agrees(run.outputs[k], right[k])]
        label = (run.signature or self.signature).label
        if "NaN" in run.case.label:
            tags = equation(["2"] if self.exercise.name == "softmax_loss" else ["3"])
            return [
                f"{', '.join(map(label, bad))}: NaN leaks from the padding: 0 · NaN is NaN, so "
                f"masked values must be chosen away (np.where), not multiplied away, {tags}"
            ]
        wrong = Wrong(
            run.signature or self.signature, run.number, run.outputs, runs[0].outputs, 0,
            self.zeroed, self.tolerance,
        )  # fmt: skip
        return [f"{text} [with {run.case.label}]" for text in diagnose(wrong)]

    def _overflows(self, run: Run) -> str:
        name = self.exercise.name
        if "softmax" in name:
            tag = "1" if name == "softmax_loss" else "3"
            return (
                "exp overflows for large scores: subtract the largest score of a step first, "
                f"{equation([tag])}"
            )
        tags = ["1"] if name == "sigmoid" else ["2", "3", "6"] if "lstm" in name else ["3", "4"]
        error = f" ({run.problem})" if run.problem else ""
        return (
            "σ overflows for large negative inputs: the exponent of exp must never be "
            f"positive, {equation(tags)}{error}"
        )

    def _remarks(self, runs: list[Run]) -> None:
        for run in runs:
            over = [w for w in run.made.warned if any(o in w for o in _OVERFLOW)]
            if not over or self.result.diagnoses:
                continue
            text = self._overflows(run) if "large" in run.case.label else over[0]
            if self.exercise.name == "sigmoid":
                self._wrong(f"{text} ({over[0]})")
            else:
                self.result.notes.append(f"right, but with a warning: {text} ({over[0]})")
        if any(
            row.compared == "close (float32)" for row in self.result.rows if row.kind == "output"
        ):
            self.result.notes.append("computed in float32: only about 7 digits are right")
