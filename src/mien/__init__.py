"""Mien: load, prepare, train and honestly evaluate facial micro-expression recognisers."""

__version__ = "0.1.0"
