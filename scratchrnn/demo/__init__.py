"""The demo: clips rendered here, networks trained on them from scratch, a page about it all."""

from .clips import CLASSES, PADS, render_family, write_clips
from .job import DemoResult, run_demo

__all__ = ["CLASSES", "PADS", "DemoResult", "render_family", "run_demo", "write_clips"]
