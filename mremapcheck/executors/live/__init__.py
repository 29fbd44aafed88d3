"""The running kernel, asked through the raw system calls.

::

    tool:   Scenario -> plan -> Prepared ........ supervisor .... result_decoder -> Execution
                                    |  steps of plain numbers     ^  lines, bytes
    worker:                         v                             |
            worker -> runner: steps (objects, kinds, uffd, conditions, filler), observation, arena made empty again

``executor``  what the rest of the program uses        ``runner``    runs plans in this process
``plan``      operations -> steps that do no harm       ``proc``      /proc/self, read no further than needed
``result_decoder``  what was seen -> an Execution
``supervisor``, ``worker``  processes: started, replaced, blamed      ``wire``  what they send each other

Everything on the worker's side also runs as a guest's init, with nothing but the standard library: its modules import
neither dataclasses nor typing, which take longer to load than all the rest.
"""
