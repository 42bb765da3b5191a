"""Imports fiona."""

from automap_tiles.imports._later import import_without_aws

import_without_aws("fiona.session")
