/** A badge for a README: how many of the MUSTs a server meets, as an SVG that needs no font and no network. */
import type { Run } from '../model.ts';
import { percent, score, tried } from './score.ts';

/** White text on each of them has a contrast of 4.5 or more; the words say the same as the colour. */
const COLORS = { good: '#1a7f43', fair: '#8a6100', poor: '#b3261e', none: '#5f6368' } as const;

export function badge(run: Run): string {
  const { levels } = score(run);
  const must = levels.MUST;
  const all = tried(must);
  const label = `SCIM 2.0${run.profile === 'rfc' ? '' : ` ${run.profile}`}`;
  const waived = must.waived === 0 ? '' : `, ${must.waived} waived`;
  const value = all === 0 ? 'not measured' : `${must.met} of ${all} MUST${waived}`;
  // All of them but the waived: good. Otherwise a few, or many.
  const color = all === 0 ? 'none' : must.unmet === 0 ? 'good' : (percent(must) ?? 0) >= 90 ? 'fair' : 'poor';
  return svg(label, value, COLORS[color]);
}

const HEIGHT = 20;
const PADDING = 8;

function svg(label: string, value: string, color: string): string {
  const left = textWidth(label) + 2 * PADDING;
  const right = textWidth(value) + 2 * PADDING;
  const text = (content: string, start: number, width: number) =>
    `<text x="${start + width / 2}" y="14" textLength="${width - 2 * PADDING}" lengthAdjust="spacingAndGlyphs">${content}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${HEIGHT}" viewBox="0 0 ${left + right} ${HEIGHT}" role="img" aria-label="${label}: ${value}">
<title>${label}: ${value}</title>
<clipPath id="r"><rect width="${left + right}" height="${HEIGHT}" rx="4"/></clipPath>
<g clip-path="url(#r)"><rect width="${left}" height="${HEIGHT}" fill="#33373d"/><rect x="${left}" width="${right}" height="${HEIGHT}" fill="${color}"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">${text(label, 0, left)}${text(value, left, right)}</g>
</svg>
`;
}

/** Of Verdana at 11 pixels, near enough: `textLength` makes it fit. */
function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/[ .,:il]/.test(character)) width += 4;
    else if (/[MWmw]/.test(character)) width += 9.5;
    else if (/[A-Z]/.test(character)) width += 7.8;
    else width += 6.8;
  }
  return Math.round(width);
}
