"""Every statement the server sends, one module a domain.

A query is a function of a session: it runs inside a unit of work and commits nothing. What a person may ask for is
scoped by the viewer; what the server does by itself names the rows it means.
"""
