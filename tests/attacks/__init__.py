"""Attacks on systems like this one, each with the test that would notice it here."""
