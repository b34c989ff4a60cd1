"""Where the data live: connections, the embedded server, migrations."""
