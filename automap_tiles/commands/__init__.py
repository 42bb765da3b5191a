"""What the commands `create`, `convert`, `info`, `cp`, `rm` and `index` do, without a terminal."""
