"""What QGIS needs to show outputs as the preview does: styles and a project.

The format is that of QGIS 3 (https://docs.qgis.org, appendix "QGIS File Formats"; elements as the
classes QgsRasterRenderer, QgsLayerTree and QgsProject write them).
"""

from automap_tiles.workflows.qgis._project import write_project
from automap_tiles.workflows.qgis._side_files import write_qml

__all__ = ["write_project", "write_qml"]
