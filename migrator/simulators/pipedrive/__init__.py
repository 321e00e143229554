"""Pipedrive as a local HTTP server: what its public API promises, with assumed behaviours behind switches."""
