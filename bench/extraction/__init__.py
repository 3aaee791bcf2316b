"""What is lost of a folder of files, measured against other programs that read them."""
