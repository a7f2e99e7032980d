/** A request and its answer, closed until somebody wants to see them. */
import type { Exchange } from '../../model.ts';
import { curl } from '../curl.ts';
import { bodyMarkup } from './body.ts';
import { content, type Markup, markup } from './markup.ts';

export interface Room {
  /** Base URL of the server: paths are shown below it. */
  base: string;
  /** Characters of a body. */
  limit: number;
}

/** @param shows whether this is the exchange that shows a fault. */
export function exchangeMarkup(exchange: Exchange, room: Room, shows = false): Markup {
  return markup`<details class="exchange${shows ? ' evidence' : ''}">
<summary><span class="verb">${exchange.method}</span> <span class="path">${path(exchange.url, room.base)}</span> <span class="came">${came(exchange)}</span></summary>
<div class="sides">
<div class="side">
<p class="label">Request</p>
${headersMarkup(exchange.requestHeaders, `${exchange.method} ${exchange.url}`)}
${exchange.requestBody !== null && exchange.requestBody !== '' ? bodyMarkup(exchange.requestBody, room.limit) : markup`<p class="none">No body.</p>`}
</div>
<div class="side">
<p class="label">${exchange.status === 0 ? 'No answer' : `Answer ${exchange.status}`} <span class="when">after ${Math.round(exchange.duration)} ms</span></p>
${exchange.error !== undefined && markup`<p class="broken">${exchange.error}</p>`}
${exchange.status !== 0 && headersMarkup(exchange.headers)}
${exchange.status !== 0 && bodyMarkup(exchange.body, room.limit)}
</div>
</div>
${curlMarkup(exchange, room.limit)}
</details>
`;
}

function came(exchange: Exchange): Markup {
  if (exchange.status === 0) return markup`no answer`;
  return markup`<span class="vh">answered </span>${exchange.status}`;
}

/** Decoded, so that a filter can be read; the address as it was sent stands with the headers. */
function path(url: string, base: string): string {
  const below = url.startsWith(base) ? url.slice(base.length) || '/' : url;
  try {
    return decodeURIComponent(below);
  } catch {
    return below;
  }
}

function headersMarkup(headers: Record<string, string>, first?: string): Markup {
  const entries = Object.entries(headers);
  const lines = entries.map(([name, value]) => markup`<b>${content(name)}</b>: ${content(value)}\n`);
  return markup`<details class="fold"><summary>${entries.length === 1 ? '1 header' : `${entries.length} headers`}</summary><pre>${
    first === undefined ? null : content(`${first}\n`)
  }${lines}</pre></details>`;
}

function curlMarkup(exchange: Exchange, limit: number): Markup {
  const command = curl(exchange);
  if (command.length > limit + 2000) {
    return markup`<p class="note">The request is too long to show it as a curl command here.</p>`;
  }
  return markup`<div class="again"><button type="button" class="copy" aria-live="polite" hidden>Copy as curl</button>
<details class="fold"><summary>As a curl command</summary><pre class="curl">${content(command)}</pre></details></div>`;
}
