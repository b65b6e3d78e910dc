"""Labelling of whole tables: readers, writers, parts that survive a kill, workers, and Spark past one machine."""
