"""The saga story: a compensation overtakes what it compensates."""
