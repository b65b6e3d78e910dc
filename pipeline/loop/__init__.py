"""The loop that closes a case: steps in their order, each with who, when, due and evidence; return visits; reopening and recurrence."""
