"""What does this mremap(2) call do on that Linux kernel, why, and since when?

The way through the code::

    scenario file -> Scenario -> Executor -> Outcome -> Comparison -> report

``scenario``  documents, their format and errors       ``outcome``  what was observed, as data
``kernels``   versions, ranges and references          ``observe``  raw facts -> Outcome
``model``     the reference model, a readable history  ``compare``  differences and their causes
``live``      the running kernel, through ctypes       ``report``   table, JSON, KTAP, JUnit, Markdown
``cli``       options in, reports out, exit codes
"""

__version__ = "0.1.0"
