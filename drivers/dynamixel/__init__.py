"""Dynamixel servos (Protocol 2.0): one bus layer for every arm and leader built from them."""
