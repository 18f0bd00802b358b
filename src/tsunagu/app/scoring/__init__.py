"""Risk of every open deal: asked of the analytics, kept for the pages."""
