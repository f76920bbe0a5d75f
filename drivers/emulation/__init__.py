"""Dynamixel arms that exist in software only: servos that answer Protocol 2.0 on a pty.

An unmodified SDK on the other end of the pty cannot tell them from real ones: the same packets,
control tables, access rules, alerts, watchdog and failures. The product uses them to run a whole
station without hardware, the tests to break what nobody wants to break on a real arm.
"""
