"""From a network over sequences to the network of one position, which remembers those before."""
