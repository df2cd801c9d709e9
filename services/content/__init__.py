"""Merchants' storefronts and goods, and the movements of their stock."""
