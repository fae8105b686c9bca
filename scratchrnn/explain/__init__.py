"""Why does the model say so? Looking into trained networks, and asking them about what they see.

Each returns numbers; :mod:`scratchrnn.plot` draws them, and lays them over a clip:

numbers                                        figure                  over the clip
---------------------------------------------  ----------------------  -------------------
gate_traces, layer_traces                      gate_heatmaps           timeline_frames
gate_saturation                                gate_saturation         timeline_frames
hidden_trajectories                            trajectories            trajectory_frames
gradient_norms                                 gradient_norms          timeline_frames
running_prediction, decision_step              film_strip, timeline    prediction_frames
connectivity                                   connectivity            timeline_frames
saliency, gradient_x_input, smooth_grad,       attribution_strip,      overlay,
integrated_gradients, occlusion, lime,         attribution_steps,      attribution_frames
shapley_values, kernel_shap,                   attribution_heatmap
permutation_shap, timeshap
deletion, sign_flip_test                       deletion_curves

Frames become a GIF by :func:`scratchrnn.video.write_gif` and a player for a page or a notebook by
:func:`scratchrnn.plot.to_jshtml`. ``scratchrnn explain MODEL CLIP`` puts all of it on one page.

What asks (occlusion and all below it) needs nothing but a function of arrays (N, T, …); gradients
need a model with a backward. All explain one input (T, …) at a time, cut into time_steps,
time_blocks, feature_columns or tubes; on_frames makes one function of a whole video pipeline.

Examples
--------
>>> import numpy as np
>>> from scratchrnn import explain, plot
>>> clip = np.random.default_rng(0).integers(0, 255, (6, 16, 16), dtype=np.uint8)
>>> bright = lambda clips: clips[:, 3:, :8, 8:].mean(axis=(1, 2, 3))  # any function of clips
>>> result = explain.occlusion(bright, clip, explain.tubes(clip, (3, 8, 8)))
>>> result.segments.box(int(result.ranking[0]))
(slice(3, 6, None), slice(0, 8, None), slice(8, 16, None))
>>> moving = plot.attribution_frames(clip, {"occlusion": result})
>>> player = plot.to_jshtml(plot.overlay(clip, result))
"""

from .asking import Question, open_question
from .backpropagation import gradient_norms
from .baselines import make_baselines
from .connectivity import Connectivity, connectivity
from .decision import Decision, decision_step
from .deletion import Deletion, deletion, sign_flip_test
from .frames import on_frames
from .gradients import before_softmax, gradient_x_input, saliency
from .integrated import IntegratedGradients, integrated_gradients
from .occluding import occlusion
from .pruning import PrunedShapley, Pruning, prune_steps, timeshap
from .results import Attribution, SegmentAttribution
from .running import running_prediction
from .sampling import kernel_shap, permutation_shap
from .saturation import Saturation, gate_saturation
from .segments import Segments, feature_columns, time_blocks, time_steps, tubes
from .shapley import ShapleyValues, shapley_values
from .smoothing import SmoothGrad, smooth_grad
from .surrogate import Lime, lime
from .traces import LayerTraces, gate_traces, layer_traces, recurrent_layer, recurrent_layers
from .trajectories import Trajectories, hidden_trajectories

__all__ = [
    "Attribution",
    "Connectivity",
    "Decision",
    "Deletion",
    "IntegratedGradients",
    "LayerTraces",
    "Lime",
    "PrunedShapley",
    "Pruning",
    "Question",
    "Saturation",
    "SegmentAttribution",
    "Segments",
    "ShapleyValues",
    "SmoothGrad",
    "Trajectories",
    "before_softmax",
    "connectivity",
    "decision_step",
    "deletion",
    "feature_columns",
    "gate_saturation",
    "gate_traces",
    "gradient_norms",
    "gradient_x_input",
    "hidden_trajectories",
    "integrated_gradients",
    "kernel_shap",
    "layer_traces",
    "lime",
    "make_baselines",
    "occlusion",
    "on_frames",
    "open_question",
    "permutation_shap",
    "prune_steps",
    "recurrent_layer",
    "recurrent_layers",
    "running_prediction",
    "saliency",
    "shapley_values",
    "sign_flip_test",
    "smooth_grad",
    "time_blocks",
    "time_steps",
    "timeshap",
    "tubes",
]
