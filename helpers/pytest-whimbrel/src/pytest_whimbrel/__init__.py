"""Phones and one-time codes for tests of what sends texts."""

from .client import Clock, Phone, Phones, Refused, WaitTimeout, Whimbrel

__all__ = ["Clock", "Phone", "Phones", "Refused", "WaitTimeout", "Whimbrel"]
