#!/bin/sh
# Its libraries are for it alone: the shell that starts it has the system's.
LD_LIBRARY_PATH=/milvus/lib exec /milvus/bin/milvus "$@"
