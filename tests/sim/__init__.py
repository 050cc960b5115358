"""Tests of the package `sim`."""
