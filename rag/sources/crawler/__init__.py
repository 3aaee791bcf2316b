"""The crawler: from the address of a website to the documents of its pages."""
