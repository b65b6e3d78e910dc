"""Learned classifiers: training, evaluation, loading. Reach the engine through a protocol that `pipeline` defines."""
