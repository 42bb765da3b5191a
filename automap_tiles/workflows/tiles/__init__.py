"""What is done with tile directories: looking, indexing, converting, copying and deleting."""
