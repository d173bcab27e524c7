"""Checkpoints in the form in which the author of DDN published them: random weights, and the network in plain PyTorch.

Written from facts about the format alone. Bundles made by `kandid import` are compared with this network.
"""
