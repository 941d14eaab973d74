"""Postbacks through NATS JetStream: any number of workers send them, and none is lost when one is killed."""
