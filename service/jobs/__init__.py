"""Long batch jobs: a table uploaded, labelled by a process of its own with the labeller's code, resumed after a restart."""
