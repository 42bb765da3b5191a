"""Built-in processes: functions like those that users write, without privileges.

Each module is found by its name: `process: composite` in a .mapchete file runs
`automap_processes.composite`.
"""
