"""Talking HTTP, knowing no vendor: the only package that imports httpx, and nothing of httpx leaves it."""
