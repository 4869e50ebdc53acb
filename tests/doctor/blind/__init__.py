"""Backpropagation programs written, and labelled, without knowledge of the doctor."""
