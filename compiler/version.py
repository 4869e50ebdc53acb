"""The version, on its own so that packaging can read it without importing the compiler."""

VERSION = "0.1.0"
