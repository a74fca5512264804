"""SIP: a switch asks before it connects a call, and is told where the call may go on, or that it may not."""
