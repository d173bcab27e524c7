"""The method in two dimensions."""
