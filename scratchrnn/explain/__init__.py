"""Why does the model say so? Looking into trained networks, and asking them about what they see.

Inside      gate_traces  layer_traces  gate_saturation  hidden_trajectories  gradient_norms
Over time   running_prediction  decision_step  connectivity
Gradients   saliency  gradient_x_input  smooth_grad  integrated_gradients
Asking      occlusion  lime  shapley_values  kernel_shap  permutation_shap  timeshap
Pieces      time_steps  time_blocks  feature_columns  tubes  on_frames
Checking    deletion  sign_flip_test

What asks needs nothing but a function of arrays (N, T, …); gradients need a model of this library.
All explain one input (T, …) at a time; `scratchrnn.plot` draws what they return.
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
