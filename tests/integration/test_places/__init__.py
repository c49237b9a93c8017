"""Tests of places against real servers: HTTP, S3, Git, PostgreSQL, MariaDB."""
