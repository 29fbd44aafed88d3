"""The calls around mremap, as far as scenarios use them; each raises StepFailed or Unsupported (see ``table``)."""
