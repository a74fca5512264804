"""Traffic figures as DATEX II, version 3 (CEN/TS 16157-5): a MeasuredDataPublication, a site for a line's direction.

Flow is vehicles an hour, people left out; speed and occupancy are the whole line's and stand with both directions.
Its sites' places are not published: a receiver knows them by camera, line and direction.
"""

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from saqta.model.moment import to_text
from saqta.views.tables import Traffic

SITES = "saqta-lines"
NAMESPACES = {
    "d2": "http://datex2.eu/schema/3/d2Payload",
    "com": "http://datex2.eu/schema/3/common",
    "roa": "http://datex2.eu/schema/3/roadTrafficData",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_TYPE = f"{{{NAMESPACES['xsi']}}}type"
_HOUR_S = 3600


def measured(rows: Iterable[Traffic], published_ms: int, country: str = "kz", creator: str = "saqta") -> bytes:
    """The publication of these figures, in UTF-8."""
    for prefix, uri in NAMESPACES.items():
        ElementTree.register_namespace(prefix, uri)
    attributes = {_TYPE: "roa:MeasuredDataPublication", "lang": "en", "modelBaseVersion": "3"}
    payload = Element(_name("d2:payload"), attributes)
    _text(payload, "com:publicationTime", to_text(published_ms))
    by = SubElement(payload, _name("com:publicationCreator"))
    _text(by, "com:country", country)
    _text(by, "com:nationalIdentifier", creator)
    _reference(payload, "MeasurementSiteTable", SITES)
    header = SubElement(payload, _name("roa:headerInformation"))
    _text(header, "com:confidentiality", "noRestriction")
    _text(header, "com:informationStatus", "real")
    for row in rows:
        for direction, counts in (("forward", row.forward), ("backward", row.backward)):
            _site(payload, row, direction, counts)
    publication: bytes = ElementTree.tostring(payload, "utf-8", xml_declaration=True)
    return publication


def _site(payload: Element, row: Traffic, direction: str, counts: dict[str, int]) -> None:
    site = SubElement(payload, _name("roa:siteMeasurements"))
    _reference(site, "MeasurementSite", f"{row.camera}/{row.line}/{direction}")
    vehicles = sum(count for name, count in counts.items() if name != "person")
    values = []
    if row.watched_s:
        values.append(("TrafficFlow", "vehicleFlow", "vehicleFlowRate", str(round(vehicles * _HOUR_S / row.watched_s))))
    if row.speed_kmh is not None:
        values.append(("TrafficSpeed", "averageVehicleSpeed", "speed", f"{row.speed_kmh:.1f}"))
    if row.occupied is not None:
        values.append(("TrafficConcentration", "occupancy", "percentage", f"{100 * row.occupied:.2f}"))
    for index, value in enumerate(values, 1):
        _quantity(site, index, *value)
    when = SubElement(site, _name("roa:measurementTimeDefault"))
    _text(when, "roa:timeMeaning", "beginTime")
    _text(when, "roa:timeValue", to_text(row.from_ms))
    period = SubElement(when, _name("roa:period"))
    _text(period, "com:startOfPeriod", to_text(row.from_ms))
    _text(period, "com:endOfPeriod", to_text(row.until_ms))


def _quantity(site: Element, index: int, kind: str, of: str, unit: str, value: str) -> None:
    indexed = SubElement(site, _name("roa:physicalQuantity"), {"index": str(index)})
    single = SubElement(indexed, _name("roa:physicalQuantity"), {_TYPE: "roa:SinglePhysicalQuantity"})
    data = SubElement(single, _name("roa:basicData"), {_TYPE: f"roa:{kind}"})
    _text(SubElement(data, _name(f"roa:{of}")), f"com:{unit}", value)


def _reference(parent: Element, to: str, id: str) -> None:
    name = to[0].lower() + to[1:]
    SubElement(parent, _name(f"roa:{name}Reference"), {"targetClass": f"roa:{to}", "id": id, "version": "1"})


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, _name(name)).text = text


def _name(prefixed: str) -> str:
    prefix, name = prefixed.split(":")
    return f"{{{NAMESPACES[prefix]}}}{name}"
