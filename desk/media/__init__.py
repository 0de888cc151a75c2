"""Files of messages: what is kept, where, under which name, and how it is fetched and handed out."""
