"""The index held in memory, one immutable version a workspace."""
