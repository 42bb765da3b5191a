"""`python -m automap_tiles` is `automap`."""

import sys

from automap_tiles.cli.main import main

sys.exit(main())
