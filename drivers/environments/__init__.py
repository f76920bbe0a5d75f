"""Gymnasium environments as worlds: making them, reading them, stepping them.

Only ``making`` imports gymnasium, and only when an environment is made.
"""
