"""Proposers of a field map. Each turns source fields and a target catalogue into the same `Proposal`
values."""
