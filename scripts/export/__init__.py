"""Bundles: the graphs and files that the server runs, and the check that they compute what torch does."""
