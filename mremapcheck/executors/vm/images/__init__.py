"""Kernel images: what a file holds, which ones are known, where new ones come from."""
