"""What can go wrong while building images.

ImageError          a sentence that says what failed and what to do
├── UnknownImage    no image has that name
├── MissingInput    a tool, a lock or a model is not there
├── BuildFailed     buildah, Docker, uv or mmdebstrap refused; the text quotes the end of what it said
└── OutOfDate       the chart names other tags of engines' images
"""


class ImageError(Exception):
    """A failure whose text is meant for the person at the keyboard."""


class UnknownImage(ImageError):
    """The command names an image that does not exist."""


class MissingInput(ImageError):
    """Something that goes into an image is absent; the text says how to get it."""


class BuildFailed(ImageError):
    """A tool refused; the text ends with its last words."""


class OutOfDate(ImageError):
    """A generated file is not what its sources lead to; the text says how to write it."""
