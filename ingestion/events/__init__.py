"""One file per event type; `ingestion.registry` finds them by scanning. Nothing else belongs here."""
