"""Heads: features of template and search region in, response maps out."""
