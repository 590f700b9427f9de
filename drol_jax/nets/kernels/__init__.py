"""Convolutions and correlations in forms that compilers handle well."""
