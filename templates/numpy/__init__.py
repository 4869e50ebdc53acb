"""templates/numpy"""
