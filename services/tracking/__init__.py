"""Takes positions and tells civilians of officers nearby who opted in to be found."""
