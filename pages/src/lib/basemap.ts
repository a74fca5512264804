/** The map's style: a quiet base in greys, and the board's layers on it, the incidents on top. */

import type { ExpressionSpecification, LayerSpecification, StyleSpecification } from 'maplibre-gl';

import { namePoints } from './features';
import type { Theme } from './theme';
import type { CityMap } from './types';

interface Palette {
  land: string;
  water: string;
  park: string;
  building: string;
  buildingEdge: string;
  road: string;
  roadEdge: string;
  name: string;
  ink: string;
  halo: string;
  way: string;
  cone: string;
}

const PALETTES: Record<Theme, Palette> = {
  dark: {
    land: '#12171d',
    water: '#18232e',
    park: '#161d1e',
    building: '#1b2129',
    buildingEdge: '#232b35',
    road: '#2b333e',
    roadEdge: '#171d24',
    name: '#8b97a6',
    ink: '#e6e9ee',
    halo: '#0f1419',
    way: '#c3cad4',
    cone: '#8793a3',
  },
  light: {
    land: '#f1f2f4',
    water: '#dbe3ea',
    park: '#e6ebe7',
    building: '#e6e8ec',
    buildingEdge: '#d6dae0',
    road: '#ffffff',
    roadEdge: '#d3d8df',
    name: '#5a6573',
    ink: '#161c24',
    halo: '#fbfcfd',
    way: '#3c4652',
    cone: '#6d7988',
  },
};

export const FONT = 'Inter Variable, sans-serif';
export const LIVE_SOURCES = ['cones', 'trails', 'ways', 'cameras', 'units', 'incidents'] as const;
export type LiveSource = (typeof LIVE_SOURCES)[number];
/** The layers that a click can hit, the uppermost first. */
export const HIT_LAYERS = ['clusters', 'incidents', 'units', 'cameras'];

const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
const CLUSTER_RADIUS_PX = 26;
const CLUSTER_ZOOM_MAX = 16;
/** From here on the wedge that a camera looks at is large enough to be seen. */
const WEDGE_ZOOM = 16.5;

/** ``scale`` enlarges the letters, for a display whose every size is larger. */
export function style(theme: Theme, city: CityMap | null, scale: number): StyleSpecification {
  const palette = PALETTES[theme];
  const base = (['water', 'park', 'building', 'road'] as const).map((name) => [
    name,
    { type: 'geojson' as const, data: city?.[name] ?? EMPTY },
  ]);
  const live = LIVE_SOURCES.map((name) => [name, { type: 'geojson' as const, data: EMPTY }]);
  return {
    version: 8,
    sources: {
      ...Object.fromEntries([...base, ...live]),
      district: { type: 'geojson', data: city ? namePoints(city.district) : EMPTY },
      incidents: {
        type: 'geojson',
        data: EMPTY,
        cluster: true,
        clusterRadius: CLUSTER_RADIUS_PX,
        clusterMaxZoom: CLUSTER_ZOOM_MAX,
        clusterProperties: { worst: ['min', ['get', 'priority']], selected: ['any', ['get', 'selected']] },
      },
    },
    layers: [...baseLayers(palette, scale), ...boardLayers(palette, scale)],
  };
}

function baseLayers(palette: Palette, scale: number): LayerSpecification[] {
  return [
    { id: 'land', type: 'background', paint: { 'background-color': palette.land } },
    { id: 'park', type: 'fill', source: 'park', paint: { 'fill-color': palette.park } },
    { id: 'water', type: 'fill', source: 'water', paint: { 'fill-color': palette.water } },
    {
      id: 'road-edge',
      type: 'line',
      source: 'road',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': palette.roadEdge, 'line-width': roadWidth(0.7) },
    },
    {
      id: 'road',
      type: 'line',
      source: 'road',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': palette.road, 'line-width': roadWidth(0.5) },
    },
    {
      id: 'building',
      type: 'fill',
      source: 'building',
      minzoom: 13,
      paint: {
        'fill-color': palette.building,
        'fill-outline-color': palette.buildingEdge,
        'fill-opacity': ['interpolate', ['linear'], ['zoom'], 13, 0.5, 15, 1],
      },
    },
    {
      id: 'road-name',
      type: 'symbol',
      source: 'road',
      minzoom: 14.5,
      layout: {
        'symbol-placement': 'line',
        'text-field': ['coalesce', ['get', 'name'], ''],
        'text-font': [FONT],
        'text-size': 11 * scale,
        'symbol-spacing': 400,
      },
      paint: { 'text-color': palette.name, 'text-halo-color': palette.halo, 'text-halo-width': 1.2 },
    },
    {
      id: 'district-name',
      type: 'symbol',
      source: 'district',
      maxzoom: 15.5,
      layout: {
        'text-field': ['coalesce', ['get', 'name'], ''],
        'text-font': [FONT],
        'text-size': 12 * scale,
        'text-letter-spacing': 0.06,
        'text-max-width': 8,
      },
      paint: { 'text-color': palette.name, 'text-halo-color': palette.halo, 'text-halo-width': 1.5 },
    },
  ];
}

/** By the road's kind: arterial, street or path. */
function roadWidth(scale: number): ExpressionSpecification {
  const lanes: ExpressionSpecification = ['match', ['coalesce', ['get', 'kind'], ''], 'arterial', 3, 'path', 0.35, 1.5];
  return ['interpolate', ['exponential', 1.6], ['zoom'], 11, ['*', scale, lanes], 18, ['*', scale * 14, lanes]];
}

function boardLayers(palette: Palette, scale: number): LayerSpecification[] {
  return [
    {
      id: 'cones',
      type: 'fill',
      source: 'cones',
      filter: ['!', ['get', 'blind']],
      paint: { 'fill-color': palette.cone, 'fill-opacity': 0.16 },
    },
    {
      id: 'cones-blind',
      type: 'fill',
      source: 'cones',
      filter: ['get', 'blind'],
      paint: { 'fill-pattern': 'hatch' },
    },
    {
      id: 'blind-spots',
      type: 'symbol',
      source: 'cameras',
      filter: ['get', 'blind'],
      maxzoom: WEDGE_ZOOM,
      layout: { 'icon-image': 'blind-spot', 'icon-allow-overlap': true },
    },
    {
      id: 'trails',
      type: 'line',
      source: 'trails',
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': palette.way, 'line-width': 1.5, 'line-opacity': 0.45 },
    },
    {
      id: 'ways',
      type: 'line',
      source: 'ways',
      paint: { 'line-color': palette.way, 'line-width': 1, 'line-opacity': 0.7, 'line-dasharray': [2, 3] },
    },
    {
      id: 'cameras',
      type: 'symbol',
      source: 'cameras',
      layout: {
        'icon-image': ['case', ['get', 'blind'], 'camera-blind', 'camera'],
        'icon-size': ['case', ['get', 'selected'], 1.35, 1],
        'icon-allow-overlap': true,
      },
    },
    {
      id: 'units',
      type: 'symbol',
      source: 'units',
      layout: {
        'icon-image': ['get', 'icon'],
        'icon-rotate': ['get', 'heading'],
        'icon-rotation-alignment': 'map',
        'icon-size': ['case', ['get', 'selected'], 1.3, 1],
        'icon-allow-overlap': true,
        'text-field': ['get', 'name'],
        'text-font': [FONT],
        'text-size': 11 * scale,
        'text-anchor': 'top',
        'text-offset': [0, 1.05],
        'text-optional': true,
      },
      paint: { 'text-color': palette.ink, 'text-halo-color': palette.halo, 'text-halo-width': 1.5 },
    },
    {
      id: 'incident-chosen',
      type: 'circle',
      source: 'incidents',
      filter: ['to-boolean', ['get', 'selected']],
      paint: {
        'circle-radius': 17 * scale,
        'circle-color': 'rgba(0, 0, 0, 0)',
        'circle-stroke-color': palette.ink,
        'circle-stroke-width': 2,
      },
    },
    {
      id: 'incidents',
      type: 'symbol',
      source: 'incidents',
      filter: ['!', ['has', 'point_count']],
      layout: {
        'icon-image': ['concat', 'p', ['get', 'priority']],
        'icon-allow-overlap': true,
        'symbol-sort-key': ['-', 5, ['get', 'priority']],
      },
    },
    {
      id: 'clusters',
      type: 'symbol',
      source: 'incidents',
      filter: ['has', 'point_count'],
      layout: {
        'icon-image': ['concat', 'p', ['get', 'worst']],
        'icon-allow-overlap': true,
        'text-field': ['to-string', ['get', 'point_count']],
        'text-font': [FONT],
        'text-size': 12 * scale,
        'text-anchor': 'left',
        'text-offset': [0.9, -0.7],
        'text-allow-overlap': true,
        'symbol-sort-key': ['-', 5, ['get', 'worst']],
      },
      paint: { 'text-color': palette.ink, 'text-halo-color': palette.halo, 'text-halo-width': 2 },
    },
  ];
}
