"""For those who run the service: figures for Prometheus, logs in lines of JSON."""
