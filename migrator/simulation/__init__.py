"""The engine in a world that misbehaves on a seed: in memory, on a clock of its own, ten thousand times over.

The phases are the real ones and so is the reading of answers; store, target, clock and workers are simulated here.
`invariants` looks at what is left and imports nothing of the engine.
"""
