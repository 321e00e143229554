"""Measuring the rule-based proposer against accounts with known answers, and fitting its confidence.

No page uses it; the command measure_proposals does.
"""
