"""Two clients whose every text carries a mark, and a crawl that looks where the marks turn up."""
