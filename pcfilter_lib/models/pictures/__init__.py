"""Networks from pictures to volumes."""
