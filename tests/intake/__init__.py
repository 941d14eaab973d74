"""Intake: bodies and clicks of AppsFlyer and AppMetrica."""
