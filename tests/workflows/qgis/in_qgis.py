# mypy: ignore-errors
# Only the Python of QGIS has what is imported here.
"""Run by the Python of QGIS: opens a project or a raster, and draws layers as PNG.

Reads one JSON object from stdin: `project` or `raster`, `extent` (left, bottom, right, top in
EPSG:3857), `size` (width, height), `folder` for the pictures. Answers with JSON: of each layer its
name, whether it is valid, its provider and its picture.
"""

import json
import os
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QColor


def draw(layer, asked, path):
    settings = QgsMapSettings()
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setOutputSize(QSize(*asked["size"]))
    settings.setExtent(QgsRectangle(*asked["extent"]))
    settings.setBackgroundColor(QColor(Qt.transparent))
    settings.setFlag(QgsMapSettings.Antialiasing, False)
    settings.setLayers([layer])
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(path)


def main():
    asked = json.load(sys.stdin)
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False)
    application.initQgis()
    project = QgsProject.instance()
    if "project" in asked:
        read = project.read(asked["project"])
        root = project.layerTreeRoot()
        layers = [(node.layer(), node.isVisible()) for node in root.findLayers()]
    else:
        read = True
        layers = [(QgsRasterLayer(asked["raster"], "raster"), True)]
    answer = {"read": read, "layers": []}
    for number, (layer, shown) in enumerate(layers):
        path = str(Path(asked["folder"]) / f"{number}.png")
        if layer.isValid():
            draw(layer, asked, path)
        renderer = layer.renderer()
        answer["layers"].append(
            {
                "name": layer.name(),
                "valid": layer.isValid(),
                "shown": shown,
                "provider": layer.providerType(),
                "renderer": renderer.type() if renderer else None,
                "picture": path,
            }
        )
    sys.stdout.write(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)  # what QGIS takes down in another order than it was set up may crash


main()
