"""The network, its conditions, and the files that hold pictures and weights."""
