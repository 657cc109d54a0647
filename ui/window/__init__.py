"""The window as a whole, who may enter, what programs may call. Start with `window.py`."""
