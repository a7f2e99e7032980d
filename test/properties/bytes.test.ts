import fc from 'fast-check';
import { expect, it } from 'vitest';
import { startLinkspan } from '../linkspan.ts';
import { type RawRequest, rawRequest } from './http-requests.ts';
import { type Answer, exchange } from './raw-http.ts';
import { figures, runs, TIMEOUT } from './runs.ts';

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';
const SCIM_TYPES = [
  'invalidFilter',
  'tooMany',
  'uniqueness',
  'mutability',
  'invalidSyntax',
  'invalidPath',
  'noTarget',
  'invalidValue',
].concat(['invalidVers', 'sensitive', 'invalidCursor', 'expiredCursor', 'invalidCount']);

function bytesOf(
  { method, path, headers, body, chunked }: RawRequest,
  base: string,
  token: string,
  ids: Record<string, string>,
): Buffer {
  const filled = (text: string) => text.replaceAll(/\{(user|group)\}/g, (_, name) => ids[name] ?? '');
  const content = Buffer.from(filled(Buffer.from(body).toString('latin1')), 'latin1');
  const own = new Set(headers.map(([name]) => name));
  const lines = [
    `${method} ${new URL(base).pathname}${filled(path)} HTTP/1.1`,
    'host: localhost',
    'connection: close',
    ...(own.has('authorization') ? [] : [`authorization: Bearer ${token}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    chunked ? 'transfer-encoding: chunked' : `content-length: ${content.length}`,
  ];
  const sent = chunked
    ? [
        ...(content.length > 0
          ? [Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n')]
          : []),
        Buffer.from('0\r\n\r\n'),
      ]
    : [content];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), ...sent]);
}

/** What is no HTTP is refused before it comes to us: without a body. */
function isNotOurs(answer: Answer | null): boolean {
  return (
    answer === null || ([400, 431].includes(answer.status) && answer.body === '' && !answer.headers.has('content-type'))
  );
}

function expectScim({ status, headers, body }: Answer, { method }: RawRequest): void {
  expect(status < 500 || status === 501, `${status} ${body}`).toBe(true);
  if (method === 'HEAD' || (status < 400 && body === '')) return;
  expect(headers.get('content-type')).toMatch(/^application\/(scim\+)?json$/);
  const json = JSON.parse(body);
  if (status < 400) return;
  expect(json).toMatchObject({ schemas: [ERROR], status: String(status), detail: expect.stringMatching(/\w/) });
  expect([undefined, ...SCIM_TYPES]).toContain(json.scimType);
}

it.each(['sqlite', 'postgres'] as const)(
  'whatever bytes come, the answer is one of SCIM and no 5xx, and the directory is sound afterwards (%s)',
  async (kind) => {
    const { scim, url } = await startLinkspan({ kind, targets: [] });
    const port = Number(new URL(url).port);
    const ids: Record<string, string> = {};
    let made = 0;
    const setUp = async () => {
      const name = `known${made++}`;
      ids.user = (await scim('POST', '/Users', { userName: name })).body.id;
      const group = { displayName: name, members: [{ value: ids.user }] };
      ids.group = (await scim('POST', '/Groups', group)).body.id;
    };
    await setUp();
    const counts = { requests: 0, refused: 0, notOurs: 0, accepted: 0 };
    await fc.assert(
      fc.asyncProperty(rawRequest, async (request) => {
        const answer = await exchange(port, bytesOf(request, scim.base, scim.token, ids));
        counts.requests++;
        if (answer === null || isNotOurs(answer)) {
          counts.notOurs++;
          return;
        }
        expectScim(answer, request);
        counts[answer.status < 400 ? 'accepted' : 'refused']++;
        if (request.method === 'DELETE' && answer.status === 204) await setUp();
      }),
      runs(400),
    );
    figures(`bytes ${kind}`, counts);
    expect(counts.notOurs).toBeLessThan(counts.requests / 50);
    expect(counts.accepted).toBeGreaterThan(counts.requests / 20);

    for (const endpoint of ['/Users', '/Groups']) {
      const { status, body } = await scim('GET', `${endpoint}?count=1000`);
      expect(status).toBe(200);
      expect(body.totalResults).toBe(body.Resources.length);
      for (const resource of body.Resources.slice(0, 50)) {
        expect((await scim('GET', `${endpoint}/${resource.id}`)).body).toEqual(resource);
      }
    }
  },
  TIMEOUT,
);
