"""The pipeline: stages that run, and people who cancel, ask and change their minds meanwhile."""
