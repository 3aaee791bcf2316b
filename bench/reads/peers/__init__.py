"""The Python servers that Monitora is compared with."""
