"""Worker pools: in the calling thread, in threads, in processes or on a Dask cluster.

Every kind of pool is one module based on a `concurrent.futures.Executor`.
"""

from automap_tiles.engine.pools.choice import check_choice, open_pool
from automap_tiles.engine.pools.protocol import Concurrency, Pool

__all__ = ["Concurrency", "Pool", "check_choice", "open_pool"]
