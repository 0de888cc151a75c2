"""Rasa's side of Frontdesk: imported by the Rasa process alone."""
