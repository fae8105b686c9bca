"""The course: notebooks that walk through the equations, each one written as a plain script."""
