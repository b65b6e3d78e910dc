"""Phrases in context: scanning, what each hit means, what conditions see."""
