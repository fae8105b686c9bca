"""Every figure of the project, in one style: colour-blind safe, legible in print.

Each function returns a :class:`matplotlib.figure.Figure` (which a notebook shows), draws on the
caller's axes where it takes ``ax``, and saves where it is given ``path``. No window is opened
and pyplot is not touched.
"""

from .animate import animate, record, to_jshtml
from .band import band_frames, band_strip
from .boxes import TRUTH, box_frames, box_strip
from .curves import gradient_norms, learning_curves, log_axis
from .explanations import (
    attribution_heatmap,
    attribution_steps,
    connectivity,
    deletion_curves,
)
from .film import film_strip, prediction_frames
from .gates import gate_heatmaps, gate_traces
from .network import unrolled_network
from .overlay import attribution_frames, attribution_strip, overlay
from .scores import bars, confusion_matrix
from .speed import ladder, roofline
from .states import gate_saturation, trajectories, trajectory_frames
from .style import (
    OKABE_ITO,
    SIGNED_MAP,
    UNIT_MAP,
    Figure,
    color,
    figure,
    line,
    save,
    style,
    to_png,
    to_rgb,
)
from .surface import loss_surface
from .timeline import timeline, timeline_frames

__all__ = [
    "OKABE_ITO",
    "SIGNED_MAP",
    "TRUTH",
    "UNIT_MAP",
    "Figure",
    "animate",
    "attribution_frames",
    "attribution_heatmap",
    "attribution_steps",
    "attribution_strip",
    "band_frames",
    "band_strip",
    "bars",
    "box_frames",
    "box_strip",
    "color",
    "confusion_matrix",
    "connectivity",
    "deletion_curves",
    "figure",
    "film_strip",
    "gate_heatmaps",
    "gate_saturation",
    "gate_traces",
    "gradient_norms",
    "ladder",
    "learning_curves",
    "line",
    "log_axis",
    "loss_surface",
    "overlay",
    "prediction_frames",
    "record",
    "roofline",
    "save",
    "style",
    "timeline",
    "timeline_frames",
    "to_jshtml",
    "to_png",
    "to_rgb",
    "trajectories",
    "trajectory_frames",
    "unrolled_network",
]
