"""Who gets which ticket: rules, load, and why."""
