"""The trainer of DDNs."""
