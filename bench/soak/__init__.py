"""Readers and writers through kills: nothing may be lost."""
