# Stands for the Dockerfile that a fixture names.
