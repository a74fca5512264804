"""ONVIF devices: found in the network, asked for their streams, and listened to."""
