"""Who can help: stations, workstations, mediators, departments, hotlines; matched by matter, area, hours and skills with a score that shows its parts."""
