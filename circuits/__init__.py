"""The routing statement as constraints: what is proven, independent of how."""
