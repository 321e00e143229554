"""The target vendor: all that knows Pipedrive's addresses, shapes, prices and refusals is in this folder."""
