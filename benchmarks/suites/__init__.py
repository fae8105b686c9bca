"""The suites, by name. Each has ``run(session)`` and ``report(measurements)``, which gives text."""

from . import cold, fit, ladder, layers, memory, packed, scaling, video

SUITES = {
    "layers": layers,
    "packed": packed,
    "fit": fit,
    "cold": cold,
    "memory": memory,
    "scaling": scaling,
    "video": video,
    "ladder": ladder,
}
