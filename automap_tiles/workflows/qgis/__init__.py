"""What QGIS needs to show outputs as the preview does: styles and a project.

The format is that of QGIS 3 (https://docs.qgis.org, appendix "QGIS File Formats"; elements as the
classes QgsRasterRenderer, QgsLayerTree and QgsProject write them).
"""

from automap_tiles.workflows.qgis._beside import write_qml
from automap_tiles.workflows.qgis._project import write_project

__all__ = ["write_project", "write_qml"]
