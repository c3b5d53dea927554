"""Envelopes: one person's notices in one email, worded when it is sent."""
