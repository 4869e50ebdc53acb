"""compiler/frontend/resolve"""
