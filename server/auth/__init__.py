"""Authenticates clients, limits how much each may ask for, and ends what stays open when its credentials end."""
