"""The signed webhook: any system posts messages in and receives them out (Standard Webhooks signatures)."""
