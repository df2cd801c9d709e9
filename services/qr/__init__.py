"""Makes and verifies the signed, expiring QR that proves a meeting."""
