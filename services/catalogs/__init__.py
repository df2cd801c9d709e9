"""The catalogues of charities and families in need: snapshots in, differences out as events."""
