"""JSON-RPC on standard input and output: what every door to cass stands on."""
