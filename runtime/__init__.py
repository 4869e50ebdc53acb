"""What is pleasant to have around a generated module: data, metrics, a training loop.

Works on any module that meets contract 1; generated modules never import it.
"""
