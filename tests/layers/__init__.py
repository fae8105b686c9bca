"""The layers: gradients, semantics, numbers of Keras, configuration."""
