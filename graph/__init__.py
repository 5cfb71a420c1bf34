"""The calendar behind its port, with msgraph-sdk, and the local stand-in that speaks the same wire format."""
