"""Tests of the engine's tables and how they are filled."""
