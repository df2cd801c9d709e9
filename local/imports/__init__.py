"""Real input: reads what others publish and sends it as events. Making things up is the city's work."""
