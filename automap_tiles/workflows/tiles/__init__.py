"""What is done with tile directories: converting, copying and deleting."""
