"""What a unit must be able to do, as a table: a line for each kind of incident; others need nothing."""

NEEDS: dict[str, tuple[str, ...]] = {
    "intrusion": ("patrol",),
    "abandoned_object": ("patrol",),
    "crowd": ("patrol",),
    "assault": ("patrol",),
    "theft": ("patrol",),
    "stopped_vehicle": ("traffic",),
    "wrong_way": ("traffic",),
    "queue": ("traffic",),
    "road_accident": ("traffic",),
    "medical": ("medic",),
    "fire": ("fire",),
    "camera_blind": ("technician",),
    "camera_moved": ("technician",),
    "camera_frozen": ("technician",),
    "camera_lost": ("technician",),
}
"""Capabilities by kind of incident, all of which a unit needs."""
