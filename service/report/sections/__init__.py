"""The chapters of the report: each a function History → Section (or None where the columns for it are absent)."""
