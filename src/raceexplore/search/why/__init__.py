"""Why a run fails: the orders of events that suffice."""
