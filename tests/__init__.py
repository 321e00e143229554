"""Tests of Crosswalk: unit, integration, contract, simulation, browser."""
