"""What does this mremap(2) call do on that Linux kernel, why, and since when?

The way through the code::

    scenario file -> Scenario -> Executor -> Outcome -> Comparison -> report

``scenario``   documents and their format                 ``outcome``   what was observed, as data
``executors``  model (a readable history), live, vm ...   ``compare``   differences, their classes and causes
``report``     how results look, a module each format     ``campaign``  fuzz, enumerate, distinguish
``convert``    strace logs in, C and catalogues out       ``cli``       options in, exit codes out

``linux`` knows platforms, versions and numbers, ``scenario.kinds`` the kinds of mappings; ``base`` is what everything
stands on.
"""

__version__ = "0.1.0"
