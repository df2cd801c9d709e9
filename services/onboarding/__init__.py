"""Signs up civilians, officers, merchants, charities and families, and links their devices."""
