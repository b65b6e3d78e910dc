"""From an assessment to what is done next: playbooks, routes, diversion, mediation, the law they cite. Knowledge is in pipeline/rules."""
