"""Knowledge: reviews of interruptions, their lessons and improvements, and similar past cases."""
