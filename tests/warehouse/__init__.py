"""Tests of the package `warehouse`."""
