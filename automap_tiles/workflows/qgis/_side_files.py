"""A `.qml` beside an output, which QGIS loads automatically, and statistics for GDAL."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from automap_tiles.errors import ConfigError
from automap_tiles.layers.default_style import default_style
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.layer import LayerInfo, Query
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import is_remote, open_storage
from automap_tiles.workflows.export import open_source
from automap_tiles.workflows.qgis._data import statistics_of
from automap_tiles.workflows.qgis._renderer import is_own, looks_of, qml_of


def write_qml(path: str, folder: str | None = None) -> tuple[Path, ...]:
    """Write the style of an output beside it, or into a folder: `name.qml`, of tiles `ZOOM.qml`.

    So QGIS shows `name.tif`, or the `ZOOM.vrt` of `automap index --vrt`, like the preview. Beside a
    single file statistics are written too (`name.tif.aux.xml`), replacing older ones, since the
    file may have changed. Raises `ConfigError` also for an existing style that was not written
    here, `InputError`, `OutputError`.
    """
    layer = open_source(path)
    qml = qml_of(look_for_qgis(layer), layer.info)
    base = layer.folder if layer.folder is not None else layer.reader.path
    if folder is None and is_remote(base):
        raise ConfigError("an output in a store needs a folder to write to", key="--idx-out-dir")
    if layer.folder is not None:
        place = Path(folder or layer.folder)
        files = {f"{zoom}.qml": qml for zoom in layer.zooms}
    else:
        place = Path(folder or Path(base).parent)
        name = f"{Path(base).name}.aux.xml"
        files = {f"{Path(base).stem}.qml": qml, name: _aux_xml(layer, place / name)}
    for name in files:
        if name.endswith(".qml"):
            _check_own(place / name)
    storage = open_storage(place)
    for name, text in files.items():
        storage.put(name, text.encode())
    return tuple(place / name for name in files)


def look_for_qgis(layer: FileLayer) -> Query:
    """The default style, or the first named one that QGIS supports; else the bands as they are."""
    usual, _ = default_style(layer)
    left: list[str] = []
    for query in looks_of(layer.info, usual):
        try:
            qml_of(query, layer.info)
        except ConfigError as error:
            left.append(error.message)
            continue
        _tell(layer.info, left)
        return query
    _tell(layer.info, left)
    return {"bidx": ("1",)}


def _tell(info: LayerInfo, left: list[str]) -> None:
    if left:
        tell(
            Note(
                fate=Fate.REPLACED,
                subject=Subject.LAYERS,
                examples=(info.name,),
                reason=f"{left[0]}: QGIS has another look of it",
                remedy="the layer that automap serve shows as WMTS (--live)",
            )
        )


def _check_own(path: Path) -> None:
    """Raise `ConfigError` for a user's style, which would be lost."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError):
        text = ""
    if not is_own(text):
        raise ConfigError(
            "is a style that automap has not written",
            file=path,
            key="--qml",
            remedy="rename or remove it first; or --idx-out-dir, another folder",
        )


def _aux_xml(layer: FileLayer, path: Path) -> str:
    """Statistics in GDAL's sidecar format (Persistent Auxiliary Metadata).

    Other existing content is kept.
    """
    root = _known(path)
    for metadata in root.iterfind("PAMRasterBand/Metadata"):
        for entry in metadata.findall("MDI"):
            if entry.get("key", "").startswith("STATISTICS_"):
                metadata.remove(entry)
    for band, found in statistics_of(layer).items():
        node = root.find(f"PAMRasterBand[@band='{band}']")
        if node is None:
            node = ET.SubElement(root, "PAMRasterBand", band=str(band))
        domains = [each for each in node.findall("Metadata") if each.get("domain") is None]
        metadata = domains[0] if domains else ET.SubElement(node, "Metadata")
        ET.SubElement(metadata, "MDI", key="STATISTICS_APPROXIMATE").text = "YES"
        for name, value in found.items():
            ET.SubElement(metadata, "MDI", key=f"STATISTICS_{name.upper()}").text = repr(value)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode") + "\n"


def _known(path: Path) -> ET.Element:
    """The existing sidecar file; raises `ConfigError` if it is not GDAL's."""
    try:
        root = ET.fromstring(path.read_bytes())  # as GDAL reads it
    except FileNotFoundError:
        return ET.Element("PAMDataset")
    except ET.ParseError as error:
        raise ConfigError(f"is not valid XML: {error}", file=path, remedy="remove it") from error
    if root.tag != "PAMDataset":
        raise ConfigError("holds no metadata of GDAL", file=path, found=root.tag)
    return root
