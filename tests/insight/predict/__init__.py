"""Tests of models that tell beforehand."""
