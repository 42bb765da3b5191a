"""A process of several steps: an acyclic graph of processes, of which one is the result.

::

    steps:
      composite:                         # its result is an input of that name for other steps
        process: composite               # built-in, ./file.py, package.module, or lines
        process_parameters: {...}
        output: {bands: 4, dtype: int16, nodata: -32768}      # what it hands on
      classes:
        process: classify
        input: {picture: composite}      # argument: input or step; by default the arguments that
                                         # the function cannot do without, by their names
        output: {path: tiles/classes, bands: 1, dtype: uint8}  # with a path it is stored as well
      smooth:
        process: ./smooth.py             # takes `classes`; nobody takes it: it is the result,
                                         # whose output is that of the file

How it is done: each step is a `Process`. A step's inputs are readers, as always; one that reads
another step is a `StepReader`, which has that step computed on the tile at hand when its function
first reads it. So the result is a process like any other, for whoever runs, shows or verifies it.

`StepEntry`     a step as it stands in the file                     `section`
`Graph`         which step reads which, in an order; margins         `_graph`
`StepReader`    a step as an input of others                         `_reader`
`StepResults`       what steps have made of one tile, freed when used    `_results`
`build_steps`   from entries to the process that is the result       `build`

Margins: a step whose function looks p pixels around its tile needs the steps that it reads on a
tile p pixels wider, which need theirs on one that is wider still. A step that several read is
computed once, as wide as the widest needs it.

Stored steps (`output.path`) are processes with a place and a journal of their own, which run
before what reads them (`stages`). A tile of theirs that is not there is computed in place.
"""

from automap_tiles.runtime.steps._reader import StepReader, StepTiles, step_readers
from automap_tiles.runtime.steps._results import working
from automap_tiles.runtime.steps._walk import (
    all_steps,
    reading_stored,
    stages,
    with_envelopes,
    with_functions,
)

__all__ = [
    "StepReader",
    "StepTiles",
    "all_steps",
    "reading_stored",
    "stages",
    "step_readers",
    "with_envelopes",
    "with_functions",
    "working",
]
