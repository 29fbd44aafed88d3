"""From and to other languages: logs of strace in; C, Markdown and HTML out."""
