"""The pages that people see: HTML made on the server, over the gateway's HTTP API."""
