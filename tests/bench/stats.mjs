// The little arithmetic of the comparison.

/** The value in the middle. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Half of the distance between the quarters. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.round(part * (sorted.length - 1)))];
  return (at(0.75) - at(0.25)) / 2;
}

/** The ratios of values that were measured one after the other. */
export const ratios = (values, limits) => values.map((value, round) => value / limits[round]);

/** How far apart the same thing is from itself in this run: from the middle, and from one round to the next. */
export function noise(again, limits) {
  const same = ratios(again, limits);
  return Math.max(Math.abs(median(same) - 1), spread(same) / Math.sqrt(same.length));
}

/** By how much values are over others, and how far that is from itself: what their middles are sure to, over it. */
export function difference(values, limits) {
  const value = median(values) - median(limits);
  const unsure = Math.hypot(spread(values) / Math.sqrt(values.length), spread(limits) / Math.sqrt(limits.length));
  return { value, noise: unsure / Math.abs(value) };
}

/** How much a line through points rises. */
export function slope(points) {
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [0, 1].map((axis) => mean(points.map((point) => point[axis])));
  const above = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return above / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}

/** Whether a figure keeps its bound, the noise of its run allowed. */
export function keeps({ value, most, least, noise = 0 }) {
  return (most === undefined || value <= most * (1 + noise)) && (least === undefined || value >= least * (1 - noise));
}
