"""Repeats: the same person, party, place, and a kind that grows in an area; near-duplicate calls joined; similar past cases.

Pure: no store, no clock. `cues` says by what an incident can be known again, `Keyer` hashes that, a `Memory` counts, `repeat_of` answers.
"""
