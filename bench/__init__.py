"""The product's own benchmark."""
