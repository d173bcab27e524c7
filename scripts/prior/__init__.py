"""A learned prior over a network's choices: model, training, graphs of a bundle."""
