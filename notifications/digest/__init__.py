"""Envelopes: what people are told, gathered, worded when it is sent, and marked when it was."""
