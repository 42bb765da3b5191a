"""Imports fiona."""

from automap_tiles.imports._lazy import import_without_aws

import_without_aws("fiona.session")
