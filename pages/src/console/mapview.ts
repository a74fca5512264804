/** MapLibre behind a few verbs; the component around it knows the board, this file the map. */

import 'maplibre-gl/dist/maplibre-gl.css';

import { Map as MapLibreMap, setWorkerUrl, type GeoJSONSource, type MapMouseEvent } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';

import { FONT, HIT_LAYERS, style, type LiveSource } from '../lib/basemap';
import { icons, PIXEL_RATIO } from '../lib/icons';
import type { Theme } from '../lib/theme';
import type { CityMap, Place } from '../lib/types';

setWorkerUrl(workerUrl);

const HIT_PX = 8;
const MARGIN_PX = 56;
const EASE_MS = 500;
const CLOSE_ZOOM = 15;
/** A chosen place this near to the map's edge, as a share of its size, is brought back to the middle. */
const EDGE_SHARE = 0.15;

export type Hit = { layer: 'incident' | 'unit' | 'camera'; id: string } | null;

export class MapView {
  #map: MapLibreMap;
  #shown = new Map<LiveSource, GeoJSON.FeatureCollection>();
  #city: CityMap | null = null;
  #theme: Theme;
  /** A wall display has a larger root size, and the map follows it. */
  #scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  #still = matchMedia('(prefers-reduced-motion: reduce)');

  /** Throws where the browser has no WebGL. */
  constructor(container: HTMLElement, theme: Theme, label: string, hit: (hit: Hit) => void) {
    this.#theme = theme;
    this.#map = new MapLibreMap({
      container,
      style: style(theme, null, this.#scale),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxZoom: 18.5,
      minZoom: 9,
      fadeDuration: 0,
      center: [0, 0],
      zoom: 9,
    });
    this.#map.touchZoomRotate.disableRotation();
    this.#map.keyboard.disableRotation();
    this.#map.getCanvas().setAttribute('aria-label', label);
    this.#map.on('style.load', () => this.#furnish());
    this.#map.on('click', (event) => void this.#clicked(event, hit));
    this.#map.on('mousemove', ({ point }) => {
      this.#map.getCanvas().style.cursor = this.#under(point.x, point.y).length ? 'pointer' : '';
    });
  }

  /** The base map, once the server has told it. */
  setCity(city: CityMap): void {
    this.#city = city;
    this.setTheme(this.#theme);
  }

  setTheme(theme: Theme): void {
    this.#theme = theme;
    this.#map.setStyle(style(theme, this.#city, this.#scale), { diff: false });
  }

  /** Draws anew where ``features`` differ from what is shown. */
  show(source: LiveSource, features: GeoJSON.FeatureCollection): void {
    if (JSON.stringify(this.#shown.get(source)) === JSON.stringify(features)) return;
    this.#shown.set(source, features);
    this.#map.getSource<GeoJSONSource>(source)?.setData(features);
  }

  fit(box: [number, number, number, number], atOnce = false): void {
    this.#map.fitBounds(box, { padding: MARGIN_PX, maxZoom: 16, duration: this.#duration(atOnce) });
  }

  /** Brings a place into view: not at all where it is well in view already. */
  reveal(place: Place): void {
    this.#map.resize();
    const { width, height } = this.#map.getCanvas().getBoundingClientRect();
    const { x, y } = this.#map.project(place);
    const inside = (value: number, size: number) => value > size * EDGE_SHARE && value < size * (1 - EDGE_SHARE);
    if (inside(x, width) && inside(y, height) && this.#map.getZoom() >= CLOSE_ZOOM - 2) return;
    this.#map.easeTo({
      center: place,
      zoom: Math.max(this.#map.getZoom(), CLOSE_ZOOM),
      duration: this.#duration(false),
    });
  }

  /** Nearer or farther; ``around`` stays where it is on the screen. */
  zoom(by: number, around: Place | null): void {
    const seen = around && this.#map.getBounds().contains(around) ? { around } : {};
    this.#map.easeTo({ ...seen, zoom: this.#map.getZoom() + by, duration: this.#duration(false) / 2 });
  }

  remove(): void {
    this.#map.remove();
  }

  #duration(atOnce: boolean): number {
    return atOnce || this.#still.matches ? 0 : EASE_MS;
  }

  /** The pictures and the board's features, which a new style starts without. */
  #furnish(): void {
    for (const [name, picture] of icons(this.#theme)) {
      if (this.#map.hasImage(name)) this.#map.removeImage(name);
      this.#map.addImage(name, picture, { pixelRatio: PIXEL_RATIO / this.#scale });
    }
    for (const [source, features] of this.#shown) this.#map.getSource<GeoJSONSource>(source)?.setData(features);
  }

  #under(x: number, y: number) {
    const layers = HIT_LAYERS.filter((layer) => this.#map.getLayer(layer));
    const box: [[number, number], [number, number]] = [
      [x - HIT_PX, y - HIT_PX],
      [x + HIT_PX, y + HIT_PX],
    ];
    return this.#map
      .queryRenderedFeatures(box, { layers })
      .sort((a, b) => HIT_LAYERS.indexOf(a.layer.id) - HIT_LAYERS.indexOf(b.layer.id));
  }

  async #clicked({ point }: MapMouseEvent, hit: (hit: Hit) => void): Promise<void> {
    const [top] = this.#under(point.x, point.y);
    if (!top) return hit(null);
    if (top.layer.id !== 'clusters') {
      return hit({ layer: top.layer.id.slice(0, -1) as 'incident' | 'unit' | 'camera', id: String(top.properties.id) });
    }
    const source = this.#map.getSource<GeoJSONSource>('incidents');
    const zoom = await source?.getClusterExpansionZoom(Number(top.properties.cluster_id));
    const [lng = 0, lat = 0] = (top.geometry as GeoJSON.Point).coordinates;
    this.#map.easeTo({ center: { lng, lat }, zoom: (zoom ?? CLOSE_ZOOM) + 0.2, duration: this.#duration(false) });
  }
}

/** The map's letters are drawn from the page's own font, which has to be there first. */
export async function mapFont(): Promise<void> {
  await document.fonts.load(`400 24px ${FONT}`, 'Aa').catch(() => []);
}
