"""The screens of the route, one module per stop: fetch and authorise, one call, render."""
