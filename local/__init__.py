"""AWS on one machine, a city to fill it and the command line; nothing deployed imports this package."""
