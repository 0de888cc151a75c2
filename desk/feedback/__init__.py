"""How satisfied customers are, asked once per resolved conversation."""
