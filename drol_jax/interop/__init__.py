"""Our trackers inside other toolkits: got10k's experiments, and TraX, which vot-toolkit speaks.

The toolkits are extras of the package. Nothing of them is imported before it is asked for.
"""
