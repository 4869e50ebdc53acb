"""compiler/diagnostics/pages"""
