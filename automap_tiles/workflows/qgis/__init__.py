"""QGIS styles and a project that show outputs like the preview.

The format is that of QGIS 3 (https://docs.qgis.org, appendix "QGIS File Formats"; elements as
written by the classes QgsRasterRenderer, QgsLayerTree and QgsProject).
"""

from automap_tiles.workflows.qgis._project import write_project
from automap_tiles.workflows.qgis._side_files import write_qml

__all__ = ["write_project", "write_qml"]
