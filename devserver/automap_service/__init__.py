"""The service: accounts, uploads, jobs and their results behind a page and an API."""
