"""Slow, independent twins of the simulator and its measures, written from the definitions alone.

Nothing here imports the packages under test: where a twin and a kernel disagree, one of the two
misread the rules. Clear before fast; every module names the rule it follows.
"""
