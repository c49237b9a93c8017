"""Tools for developing Kefu: the cluster, the images, the models. Nothing here ships to a user."""
