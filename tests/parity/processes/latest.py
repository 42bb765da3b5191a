# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""The largest value of a group of dates, and how many dates were valid."""

import numpy as np


def execute(dates):
    names, stack = [], []
    for name, date in dates:
        names.append(name)
        stack.append(date.read(indexes=[4, 8], resampling="bilinear"))
    assert names == sorted(names)
    data = np.ma.stack(stack)
    if data.mask.all():
        return "empty"
    count = data.count(axis=0)[0].astype("uint16")
    bands = [*data.max(axis=0), np.ma.masked_equal(count, 0)]
    return np.ma.stack(bands).astype("uint16")
