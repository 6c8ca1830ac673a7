"""The third door: cass's tools, and cass itself, for clients of the Model Context Protocol."""
