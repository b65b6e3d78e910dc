"""The engine: Incident → Assessment. Knows Chinese narratives, rules, evidence. No web, no torch."""
