"""The formats of reports, a module each: its name is the format's, and its REPORTER writes it (see ``report.base``)."""
