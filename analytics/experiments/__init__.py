"""Tests of one thing against another: who gets what, how many are needed, and what may be concluded at any time."""
