"""runtime/datasets"""
