"""The core: conversations, inbox, dialogue, outbox, tickets and feedback. No web framework, no vendor SDK, no Rasa."""
