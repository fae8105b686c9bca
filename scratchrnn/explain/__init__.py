"""Why does the model say so? Looking into trained networks."""

from .traces import gate_traces, gradient_norms, recurrent_layer, running_prediction

__all__ = ["gate_traces", "gradient_norms", "recurrent_layer", "running_prediction"]
