"""Office documents: what their packages hold is prepared here, and read by the library `anydoc`.

`package` opens the archives, `document` turns the library's model into blocks; `word`, `slides`, `sheets`,
`opendocument` and `books` know what is particular to a kind of document.
"""
