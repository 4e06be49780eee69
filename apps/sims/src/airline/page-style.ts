// Colours and layout of the page. Every rule stands here: the page's policy allows no inline styles.

/** Nine colours of even steps in lightness; on a dark ground the scale runs from dark to bright. */
export const RAMP_LIGHT = ramp([0.89, 0.32], [0.1, 0.2, 0.13], [95, -10]);
export const RAMP_DARK = ramp([0.36, 0.95], [0.1, 0.2, 0.09], [-10, 100]);

/** From one lightness and hue (OKLCH) to another, with three values for the chroma. */
function ramp(
  lightness: [number, number],
  chroma: [number, number, number],
  hue: [number, number],
): string[] {
  const mix = (a: number, b: number, t: number) => a + (b - a) * t;
  return Array.from({ length: 9 }, (_, step) => {
    const t = step / 8;
    const c = t < 0.5 ? mix(chroma[0], chroma[1], 2 * t) : mix(chroma[1], chroma[2], 2 * t - 1);
    return displayable(mix(...lightness, t), c, (mix(...hue, t) * Math.PI) / 180);
  });
}

/** The sRGB colour; chroma beyond what sRGB can show is reduced until it fits. */
function displayable(lightness: number, chroma: number, hue: number): string {
  const a = chroma * Math.cos(hue);
  const b = chroma * Math.sin(hue);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const fits = linear.every((value) => value > -0.001 && value < 1.001);
  if (!fits && chroma > 0.005) return displayable(lightness, chroma - 0.005, hue);
  const channels = linear.map((value) => {
    const v = Math.min(1, Math.max(0, value));
    const encoded = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
    return Math.round(encoded * 255)
      .toString(16)
      .padStart(2, '0');
  });
  return `#${channels.join('')}`;
}

export const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #fcfcfb; --fg: #1a1d21; --muted: #5c646e; --line: #dcddda; --grid: #ececea;
  --land: #ebebe8; --border: #fcfcfb; --coast: #c3c5c3; --route: #4c5a6b; --rim: #4a4f56; --none: #fcfcfb;
  --s: #33669f; --e: #9a6700; --i: #bb2f25; --r: #22785c; --focus: #1f66c1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #121417; --fg: #e8eaec; --muted: #9aa3ad; --line: #30353c; --grid: #22262b;
    --land: #22272d; --border: #121417; --coast: #414952; --route: #b9c6d4; --rim: #b4bbc4; --none: #121417;
    --s: #80aee3; --e: #dfb457; --i: #f37f70; --r: #66c4a0; --focus: #7db4ff;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 1360px; padding: 28px 32px 40px; background: var(--bg); color: var(--fg);
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 26px; font-weight: 600; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 0 0 8px; font-size: 15px; font-weight: 600; }
p { margin: 6px 0 0; }
header p, .note { color: var(--muted); text-wrap: pretty; }
.note { max-width: 96ch; }
svg { display: block; }
button, select { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }

.stage { display: grid; grid-template-columns: minmax(0, 1fr) 292px; gap: 12px 36px; margin-top: 16px; }
.map { position: relative; min-width: 0; }
#map { width: 100%; height: auto; touch-action: manipulation; cursor: default; }
#map.hit { cursor: pointer; }
.land { fill: var(--land); stroke: var(--coast); stroke-width: 0.6; stroke-linejoin: round; }
.borders { fill: none; stroke: var(--border); stroke-width: 1; stroke-linejoin: round; }
.frame { fill: none; stroke: var(--line); }
.arcs path { fill: none; stroke: var(--route); stroke-linecap: round; }
#routes { opacity: 0.2; }
#routes.dim { opacity: 0.08; }
#spokes { opacity: 0.36; }
.spots circle { fill: var(--none); stroke: var(--rim); stroke-opacity: 0.8; stroke-width: 0.6; vector-effect: non-scaling-stroke; }
.ring { fill: none; stroke: var(--fg); stroke-width: 1.8; vector-effect: non-scaling-stroke; }
.ring.hover { stroke-width: 1.2; }
.codes text {
  font-size: 11px; font-weight: 600; fill: var(--fg); stroke: var(--land); stroke-width: 2.5px; stroke-linejoin: round;
  paint-order: stroke; pointer-events: none;
}
.place { font-size: 10px; fill: var(--muted); paint-order: stroke; stroke: var(--bg); stroke-width: 3px; }
#tip {
  position: absolute; z-index: 2; top: 0; left: 0; padding: 7px 10px; border: 1px solid var(--line); border-radius: 4px;
  background: var(--bg); font-size: 13px; line-height: 1.4; white-space: nowrap; pointer-events: none;
}
#tip b { display: block; font-weight: 600; }
#tip span { display: block; color: var(--muted); }

.legend { display: flex; flex-wrap: wrap; gap: 10px 40px; align-items: flex-start; color: var(--muted); font-size: 12px; }
.legend svg { margin-top: 4px; overflow: visible; }
.legend text { fill: var(--muted); font-size: 11px; }
.legend rect { stroke: none; }
.legend .outline { fill: none; stroke: var(--rim); stroke-width: 0.8; }

aside { grid-area: 1 / 2 / 3 / 3; font-size: 14px; }
aside .day { font-size: 26px; font-weight: 600; line-height: 1.2; letter-spacing: -0.01em; }
aside .date { color: var(--muted); margin-bottom: 14px; }
aside table { width: 100%; border-collapse: collapse; }
aside th, aside td { padding: 4px 0; border-top: 1px solid var(--line); font-weight: 400; text-align: right; }
aside th { text-align: left; }
aside td:last-child { width: 66px; }
aside td + td { color: var(--muted); }
aside th i { display: inline-block; width: 14px; height: 3px; margin: 0 8px 3px 0; vertical-align: middle; }
.s i { background: var(--s); } .e i { background: var(--e); } .i i { background: var(--i); } .r i { background: var(--r); }
aside h2 { margin: 24px 0 6px; }
select {
  width: 100%; padding: 6px 8px; margin-bottom: 8px; border: 1px solid var(--line); border-radius: 4px;
  background: var(--bg);
}

.controls {
  position: sticky; bottom: 0; z-index: 3; display: grid; grid-template-columns: 52px minmax(0, 1fr) 14px;
  grid-template-rows: auto 28px; padding: 8px 0 6px; margin-top: 20px; background: var(--bg);
  border-top: 1px solid var(--line);
}
.controls output { grid-column: 2; font-size: 14px; font-weight: 600; white-space: nowrap; }
.controls .now { font-weight: 400; color: var(--muted); }
#play {
  grid-column: 1; grid-row: 1 / 3; align-self: center; width: 38px; height: 38px; padding: 0; border: 1px solid var(--line);
  border-radius: 50%; background: var(--bg); cursor: pointer;
}
#play:hover { border-color: var(--muted); }
#play svg { margin: auto; fill: var(--fg); }
#day {
  grid-column: 2; grid-row: 2; width: calc(100% + 18px); height: 28px; margin: 0 -9px; background: none;
  -webkit-appearance: none; appearance: none; cursor: pointer;
}
#day::-webkit-slider-runnable-track { height: 3px; border-radius: 2px; background: var(--line); }
#day::-moz-range-track { height: 3px; border-radius: 2px; background: var(--line); }
#day::-webkit-slider-thumb {
  -webkit-appearance: none; width: 18px; height: 18px; margin-top: -7.5px; border: 2px solid var(--bg); border-radius: 50%;
  background: var(--fg);
}
#day::-moz-range-thumb {
  box-sizing: border-box; width: 18px; height: 18px; border: 2px solid var(--bg); border-radius: 50%; background: var(--fg);
}
#chart { cursor: crosshair; touch-action: pan-y; }
#chart text { font-size: 12px; fill: var(--muted); }
#chart .title { font-weight: 600; font-size: 13px; fill: var(--fg); paint-order: stroke; stroke: var(--bg); stroke-width: 6px; }
#chart .grid { stroke: var(--grid); }
#chart .axis { stroke: var(--line); }
#chart .curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
#chart .band { fill: var(--muted); opacity: 0.16; }
#chart .cursor { stroke: var(--fg); stroke-width: 1; }
#chart .dot { stroke: var(--bg); stroke-width: 1.5; }
#chart .name { font-weight: 600; paint-order: stroke; stroke: var(--bg); stroke-width: 3px; stroke-linejoin: round; }
#chart .name.plain { font-weight: 400; }
.cs { stroke: var(--s); } .ce { stroke: var(--e); } .ci { stroke: var(--i); } .cr { stroke: var(--r); } .ca { stroke: var(--fg); }
#chart .fs { fill: var(--s); } #chart .fe { fill: var(--e); } #chart .fi { fill: var(--i); } #chart .fr { fill: var(--r); }
#chart .fa { fill: var(--fg); }

.below { margin-top: 32px; }
.scroll { overflow-x: auto; }
.largest { width: 100%; border-collapse: collapse; font-size: 14px; }
.largest th, .largest td { padding: 6px 0 6px 20px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
.largest th { color: var(--muted); font-size: 13px; font-weight: 400; vertical-align: bottom; }
.largest tbody th { color: var(--fg); font-size: 14px; }
.largest th:first-child { padding-left: 0; text-align: left; }
.largest button { padding: 0; border: 0; background: none; text-align: left; cursor: pointer; }
.largest button b { display: inline-block; width: 44px; font-weight: 600; }
.largest button:hover { text-decoration: underline; text-underline-offset: 3px; }
.largest tr.on th, .largest tr.on td { background: var(--grid); }
footer { margin-top: 32px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 13px; }
footer dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 12px 28px; margin: 0 0 16px; }
footer dt { color: var(--muted); }
footer dd { margin: 0; font-size: 15px; overflow-wrap: anywhere; }
footer .wide { grid-column: 1 / -1; }
code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; }

@media (max-width: 1020px) {
  .stage { grid-template-columns: minmax(0, 1fr); }
  aside { grid-area: auto; display: grid; margin-top: 12px; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 36px; }
  aside h2 { margin-top: 0; }
  .largest { font-size: 13px; }
  .largest th, .largest td { padding-left: 14px; }
  .largest thead th { white-space: normal; }
}
@media (max-width: 700px) {
  body { padding: 20px 16px 32px; font-size: 14px; }
  h1, aside .day { font-size: 22px; }
  aside { grid-template-columns: minmax(0, 1fr); gap: 20px; }
  .codes, .place { display: none; }
  .controls { grid-template-columns: 48px minmax(0, 1fr) 14px; margin-top: 12px; }
  .largest th, .largest td { padding-left: 12px; }
  .largest .minor { display: none; }
  footer dl { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}
@media (max-width: 460px) {
  .largest .city, .controls .now { display: none; }
}
`;
