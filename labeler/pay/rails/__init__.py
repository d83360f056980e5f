"""Formats of payout files, one module each. Pure: rows in, bytes out, nothing is sent or stored."""
