/** The map's pictures, drawn here: each priority has its shape, and units and cameras their greys. */

import type { Theme } from './theme';

export const PRIORITY_COLOURS = { 1: '#d7263d', 2: '#f08a24', 3: '#e9c46a', 4: '#6c8ebf' } as const;
export const PIXEL_RATIO = 2;

interface Inks {
  ink: string;
  edge: string;
  grey: string;
}

const INKS: Record<Theme, Inks> = {
  dark: { ink: '#e6e9ee', edge: '#0f1419', grey: '#94a0ae' },
  light: { ink: '#1f2731', edge: '#ffffff', grey: '#66717e' },
};

type Draw = (pen: CanvasRenderingContext2D, inks: Inks) => void;

/** Every picture by the name that the style uses, in the colours of a theme. */
export function icons(theme: Theme): Map<string, ImageData> {
  const inks = INKS[theme];
  return new Map(Object.entries(DRAWINGS).map(([name, [sizePx, draw]]) => [name, picture(sizePx, draw, inks)]));
}

function picture(sizePx: number, draw: Draw, inks: Inks): ImageData {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = sizePx * PIXEL_RATIO;
  const pen = canvas.getContext('2d')!;
  pen.scale(PIXEL_RATIO, PIXEL_RATIO);
  pen.translate(sizePx / 2, sizePx / 2);
  pen.lineJoin = 'round';
  draw(pen, inks);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

const polygon = (...points: [number, number][]): Path2D => {
  const path = new Path2D();
  points.forEach(([x, y], index) => (index ? path.lineTo(x, y) : path.moveTo(x, y)));
  path.closePath();
  return path;
};

const circle = (radius: number): Path2D => {
  const path = new Path2D();
  path.arc(0, 0, radius, 0, 2 * Math.PI);
  return path;
};

/** A shape in a priority's colour, with an edge that lifts it off any ground. */
function mark(colour: string, shape: () => Path2D): Draw {
  return (pen, { edge, ink }) => {
    const path = shape();
    pen.strokeStyle = edge;
    pen.lineWidth = 5;
    pen.stroke(path);
    pen.strokeStyle = ink;
    pen.lineWidth = 2;
    pen.stroke(path);
    pen.fillStyle = colour;
    pen.fill(path);
  };
}

function ring(colour: string): Draw {
  return (pen, { edge }) => {
    for (const [width, style] of [
      [7, edge],
      [4, colour],
    ] as const) {
      pen.lineWidth = width;
      pen.strokeStyle = style;
      pen.stroke(circle(6.5));
    }
  };
}

const ARROW: [number, number][] = [
  [0, -11],
  [7, 7],
  [0, 3.5],
  [-7, 7],
];

function unit(moving: boolean, fill: (inks: Inks) => string, stroke: (inks: Inks) => string): Draw {
  return (pen, inks) => {
    const path = moving ? polygon(...ARROW) : circle(6.5);
    pen.strokeStyle = inks.edge;
    pen.lineWidth = 5;
    pen.stroke(path);
    pen.fillStyle = fill(inks);
    pen.fill(path);
    pen.strokeStyle = stroke(inks);
    pen.lineWidth = 1.5;
    pen.stroke(path);
  };
}

const camera =
  (blind: boolean): Draw =>
  (pen, { ink, edge, grey }) => {
    const body = new Path2D();
    body.roundRect(-5, -5, 10, 10, 2);
    pen.strokeStyle = edge;
    pen.lineWidth = 4;
    pen.stroke(body);
    pen.fillStyle = blind ? edge : grey;
    pen.fill(body);
    pen.strokeStyle = blind ? ink : grey;
    pen.lineWidth = 1.5;
    pen.stroke(body);
    if (blind) {
      pen.stroke(polygon([-5, -5], [5, 5]));
      pen.stroke(polygon([-5, 5], [5, -5]));
      return;
    }
    pen.fillStyle = edge;
    pen.fill(circle(2));
  };

const hatch: Draw = (pen, { grey }) => {
  pen.strokeStyle = grey;
  pen.lineWidth = 1;
  for (const shift of [-8, 0, 8]) {
    pen.beginPath();
    pen.moveTo(-4 + shift - 4, 8);
    pen.lineTo(4 + shift + 4, -8);
    pen.stroke();
  }
};

/** What a blind camera looks at, where the map is too coarse for the wedge itself. */
const blindSpot: Draw = (pen, { grey }) => {
  pen.save();
  pen.clip(circle(20));
  pen.strokeStyle = grey;
  pen.lineWidth = 1;
  for (let shift = -40; shift <= 40; shift += 6) pen.stroke(polygon([shift - 20, 20], [shift + 20, -20]));
  pen.restore();
  pen.strokeStyle = grey;
  pen.lineWidth = 1;
  pen.stroke(circle(20));
};

const DRAWINGS: Record<string, [sizePx: number, Draw]> = {
  p1: [28, mark(PRIORITY_COLOURS[1], () => polygon([0, -10], [10, 0], [0, 10], [-10, 0]))],
  p2: [28, mark(PRIORITY_COLOURS[2], () => polygon([0, -9], [9.5, 7.5], [-9.5, 7.5]))],
  p3: [28, mark(PRIORITY_COLOURS[3], () => polygon([-7, -7], [7, -7], [7, 7], [-7, 7]))],
  p4: [28, ring(PRIORITY_COLOURS[4])],
  'unit-free': [
    28,
    unit(
      false,
      ({ edge }) => edge,
      ({ grey }) => grey,
    ),
  ],
  'unit-free-moving': [
    28,
    unit(
      true,
      ({ edge }) => edge,
      ({ grey }) => grey,
    ),
  ],
  'unit-busy': [
    28,
    unit(
      false,
      ({ ink }) => ink,
      ({ ink }) => ink,
    ),
  ],
  'unit-busy-moving': [
    28,
    unit(
      true,
      ({ ink }) => ink,
      ({ ink }) => ink,
    ),
  ],
  'unit-off': [
    28,
    (pen, { grey }) => {
      pen.fillStyle = grey;
      pen.fill(circle(2.5));
    },
  ],
  'unit-silent': [
    28,
    (pen, inks) => {
      unit(
        false,
        ({ edge }) => edge,
        ({ edge }) => edge,
      )(pen, inks);
      pen.setLineDash([2.5, 2.5]);
      pen.strokeStyle = inks.ink;
      pen.stroke(circle(6.5));
    },
  ],
  camera: [18, camera(false)],
  'camera-blind': [18, camera(true)],
  'blind-spot': [44, blindSpot],
  hatch: [8, hatch],
};
