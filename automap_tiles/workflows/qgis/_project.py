"""A QGIS project with all layers of an output, and the live layers of `automap serve`."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

from automap_tiles.errors import ConfigError
from automap_tiles.formats.process_file import is_process_file
from automap_tiles.grid import Bounds
from automap_tiles.layers import web
from automap_tiles.layers.dated import DatedFiles
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.layer import Layer
from automap_tiles.layers.open import open_layers
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.process import ProcessLayer
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.storage import open_storage
from automap_tiles.vector import reproject_bounds
from automap_tiles.workflows.export import open_source
from automap_tiles.workflows.qgis._data import Data, data_of
from automap_tiles.workflows.qgis._renderer import VERSION, pipe_of
from automap_tiles.workflows.qgis._side_files import look_for_qgis

if TYPE_CHECKING:
    from rasterio.crs import CRS

_LIVE = "live"
"""Name of the group of layers that are computed on demand."""


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A layer of the project."""

    id: str
    title: str
    data: Data
    bounds: Bounds
    """In degrees."""
    pipe: ET.Element | None = None
    group: str = ""
    is_shown: bool = True


def write_project(path: str, target: Path, live: str | None = None) -> tuple[str, ...]:
    """Write a `.qgz` of all layers of a process file, an output or a raster; returns their names.

    Tiles are read through VRTs in a folder beside it (`project.layers`). `live` is the address of a
    running `automap serve`, whose layers are added to a group of their own, as WMTS. Raises
    `ConfigError`, `InputError`, `OutputError`.
    """
    if target.suffix not in (".qgz", ".qgs"):
        raise ConfigError(
            "is not a project of QGIS", key="--qgis", found=str(target), remedy="a name with .qgz"
        )
    layers, _ = open_layers([path], Keep.READONLY)
    entries: list[_Entry] = []
    for layer in layers:
        entries += _stored(layer, path, target)
    if live is not None:
        entries += [_live(layer, live.rstrip("/")) for layer in layers]
    if not entries:
        raise ConfigError(
            "has no layer that QGIS shows", file=path, remedy="run it first, or --live for WMTS"
        )
    text = _project(target.stem, entries)
    content = text.encode() if target.suffix == ".qgs" else _zipped(f"{target.stem}.qgs", text)
    open_storage(target.parent).put(target.name, content)
    return tuple(entry.title for entry in entries)


def _stored(layer: Layer, path: str, target: Path) -> list[_Entry]:
    """The stored data of a layer; none, with a note, if there are none."""
    try:
        return [_of_file(each, title, target) for title, each in _files(layer, path)]
    except ConfigError as error:
        tell(
            Note(
                fate=Fate.LOST,
                subject=Subject.LAYERS,
                examples=(layer.info.title,),
                reason=f"no files of it that QGIS opens: {error.message}",
                remedy="--live shows it as WMTS",
            )
        )
        return []


def _files(layer: Layer, path: str) -> list[tuple[str, FileLayer]]:
    if isinstance(layer, FileLayer):
        return [(layer.info.title, layer)]
    if isinstance(layer, DatedFiles):
        pairs = zip(layer.dates, layer.files, strict=True)
        return [(f"{layer.info.title} {day}", each) for day, each in pairs]
    if isinstance(layer, ProcessLayer):
        stored = layer.process.writer.path
        if is_process_file(path) and layer.process.config_path == Path(path).absolute():
            stored = path  # with its named styles
        return [(layer.info.title, open_source(stored))]
    raise ConfigError("scenes are put together when one looks")


def _of_file(layer: FileLayer, title: str, target: Path) -> _Entry:
    data = data_of(layer, target.parent, f"{target.stem}.layers")
    pipe = None if data.provider == "ogr" else pipe_of(look_for_qgis(layer), layer.info)
    return _Entry(
        id=_id(layer, "file"), title=title, data=data, bounds=layer.info.bounds, pipe=pipe
    )


def _id(layer: Layer, kind: str) -> str:
    """More than ten characters: QGIS replaces shorter ones by ids of its own."""
    return f"automap_{kind}_{layer.info.name}"


def _live(layer: Layer, address: str) -> _Entry:
    """A WMTS layer in its default style."""
    url = quote(f"{address}/wmts/1.0.0/WMTSCapabilities.xml", safe=":/")
    source = (
        f"contextualWMSLegend=0&crs=EPSG:3857&dpiMode=7&format=image/png&layers={layer.info.name}"
        f"&styles=default&tileMatrixSet=WebMercatorQuad&url={url}"
    )
    data = Data(provider="wms", source=source, crs=web.web_pyramid().crs)
    return _Entry(
        id=_id(layer, "live"),
        title=f"{layer.info.title} (live)",
        data=data,
        bounds=layer.info.bounds,
        group=_LIVE,
        is_shown=False,
    )


def _project(name: str, entries: list[_Entry]) -> str:
    root = ET.Element("qgis", projectname=name, version=VERSION)
    ET.SubElement(root, "title").text = name
    crs = web.web_pyramid().crs
    _crs(ET.SubElement(root, "projectCrs"), crs)
    tree = ET.SubElement(root, "layer-tree-group")
    groups = {"": tree}
    for entry in entries:
        if entry.group not in groups:
            groups[entry.group] = ET.SubElement(
                tree, "layer-tree-group", name=entry.group, checked="Qt::Checked", expanded="1"
            )
        checked = "Qt::Checked" if entry.is_shown else "Qt::Unchecked"
        ET.SubElement(
            groups[entry.group], "layer-tree-layer", id=entry.id, name=entry.title,
            checked=checked, expanded="0", source=entry.data.source,
            providerKey=entry.data.provider,
        )  # fmt: skip
    _canvas(root, entries, crs)
    order = ET.SubElement(root, "layerorder")
    layers = ET.SubElement(root, "projectlayers")
    for entry in entries:
        ET.SubElement(order, "layer", id=entry.id)
        layers.append(_maplayer(entry))
    paths = ET.SubElement(ET.SubElement(root, "properties"), "Paths")
    ET.SubElement(paths, "Absolute", type="bool").text = "false"
    ET.indent(root)
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + ET.tostring(root, encoding="unicode") + "\n"


def _canvas(root: ET.Element, entries: list[_Entry], crs: CRS) -> None:
    """The initial extent is that of the layers."""
    box = Bounds(
        min(entry.bounds.left for entry in entries),
        max(min(entry.bounds.bottom for entry in entries), -web.END),
        max(entry.bounds.right for entry in entries),
        min(max(entry.bounds.top for entry in entries), web.END),
    )
    shown = reproject_bounds(box, web.LON_LAT, crs)
    canvas = ET.SubElement(root, "mapcanvas", name="theMapCanvas")
    ET.SubElement(canvas, "units").text = "meters"
    extent = ET.SubElement(canvas, "extent")
    for key, value in zip(("xmin", "ymin", "xmax", "ymax"), shown, strict=True):
        ET.SubElement(extent, key).text = repr(value)
    _crs(ET.SubElement(canvas, "destinationsrs"), crs)


def _maplayer(entry: _Entry) -> ET.Element:
    kind = "vector" if entry.data.provider == "ogr" else "raster"
    layer = ET.Element("maplayer", type=kind, autoRefreshEnabled="0")
    ET.SubElement(layer, "id").text = entry.id
    ET.SubElement(layer, "datasource").text = entry.data.source
    ET.SubElement(layer, "layername").text = entry.title
    if entry.data.crs is not None:
        _crs(ET.SubElement(layer, "srs"), entry.data.crs)
    ET.SubElement(layer, "provider", encoding="UTF-8").text = entry.data.provider
    if entry.pipe is not None:
        layer.append(entry.pipe)
        ET.SubElement(layer, "blendMode").text = "0"
    return layer


def _crs(parent: ET.Element, crs: CRS) -> None:
    said = ET.SubElement(parent, "spatialrefsys")
    ET.SubElement(said, "wkt").text = crs.to_wkt()
    ET.SubElement(said, "proj4").text = crs.to_proj4()
    epsg = crs.to_epsg()
    if epsg is not None:
        ET.SubElement(said, "srid").text = str(epsg)
        ET.SubElement(said, "authid").text = f"EPSG:{epsg}"


def _zipped(name: str, text: str) -> bytes:
    """Deterministic: the same bytes for the same project."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text)
    return stream.getvalue()
