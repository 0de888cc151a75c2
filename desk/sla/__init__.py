"""Promises of time: who is promised what, the clocks of tickets, warnings and breaches."""
