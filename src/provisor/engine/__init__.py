"""Runs the flow, one cycle of a job at a time, on time and safely: start reading in cycle.py."""
