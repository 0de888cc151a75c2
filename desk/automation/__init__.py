"""Rules: when something happens, if something holds, then something is done."""
