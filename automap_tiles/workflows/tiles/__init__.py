"""What is done with tile directories: copying and deleting."""
