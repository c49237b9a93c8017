"""Reading S3 buckets, as far as two members do it alike: signatures and listings. Requests are each member's own."""
