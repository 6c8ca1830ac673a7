"""Where session events are kept."""
