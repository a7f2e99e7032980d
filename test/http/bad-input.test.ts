import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type Linkspan, patch, type ScimAnswer, startLinkspan } from '../linkspan.ts';

const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

function expectScimError(answer: ScimAnswer, status: number, scimType?: string): void {
  expect({ status: answer.status, scimType: answer.body?.scimType }).toEqual({ status, scimType });
  expect(answer.headers.get('content-type')).toBe('application/scim+json');
  expect(answer.body).toMatchObject({ schemas: [ERROR], status: String(status), detail: expect.any(String) });
}

const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const deepArray = (levels: number) => `{"userName":"x","emails":${'['.repeat(levels)}${']'.repeat(levels)}}`;

describe('bad input gets the right SCIM error and leaves nothing behind', () => {
  const bodies: [what: string, body: string, status: number, scimType?: string][] = [
    ['no JSON', '{"userName": "x"', 400, 'invalidSyntax'],
    ['an empty body', '', 400, 'invalidSyntax'],
    ['an array', '[]', 400, 'invalidSyntax'],
    ['a string', '"x"', 400, 'invalidSyntax'],
    ['null', 'null', 400, 'invalidSyntax'],
    ['a userName that is a number', '{"userName":1}', 400, 'invalidValue'],
    ['a userName that is an object', '{"userName":{"a":1}}', 400, 'invalidValue'],
    ['no userName', '{"displayName":"x"}', 400, 'invalidValue'],
    ['a blank userName', '{"userName":"   "}', 400, 'invalidValue'],
    ['e-mails that are numbers', '{"userName":"x","emails":[1]}', 400, 'invalidValue'],
    ['an active that is no boolean', '{"userName":"x","active":"perhaps"}', 400, 'invalidValue'],
    [
      'two primary e-mails',
      '{"userName":"x","emails":[{"value":"a@b","primary":true},{"value":"c@d","primary":true}]}',
      400,
      'invalidValue',
    ],
    ['U+0000', '{"userName":"a\\u0000b"}', 400, 'invalidValue'],
    ['a lone surrogate', '{"userName":"a\\ud800b"}', 400, 'invalidValue'],
    ['10,000 nested objects', deep(10_000), 400],
    ['10,000 nested arrays', deepArray(10_000), 400],
    ['11 MB', JSON.stringify({ userName: 'x', displayName: 'y'.repeat(11_000_000) }), 413],
  ];

  it('refuses each body on POST, and creates nobody', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    for (const [what, body, status, scimType] of bodies) {
      const answer = await scim('POST', '/Users', body);
      expect({ what, status: answer.status }).toEqual({ what, status });
      if (scimType) expectScimError(answer, status, scimType);
    }
    expect((await scim('GET', '/Users')).body.totalResults).toBe(0);
  });

  it('refuses each body on PUT and PATCH, and changes nothing', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    const before = (await scim('POST', '/Users', { userName: 'jane', title: 'Engineer' })).body;
    for (const [what, body, status] of bodies) {
      const put = await scim('PUT', `/Users/${before.id}`, body);
      expect({ what, status: put.status }).toEqual({ what, status });
      const patched = await scim('PATCH', `/Users/${before.id}`, body);
      expect({ what, is4xx: patched.status >= 400 && patched.status < 500 }).toEqual({ what, is4xx: true });
    }
    expect((await scim('GET', `/Users/${before.id}`)).body).toEqual(before);
  });

  it('stops reading a body that announces no length', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)),
    });
    const response = await fetch(`${scim.base}/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${scim.token}`, 'content-type': 'application/scim+json' },
      body: endless,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
    expect((await scim('GET', '/Users')).body.totalResults).toBe(0);
  });

  it('applies a PATCH as a whole or not at all', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    const before = (await scim('POST', '/Users', { userName: 'jane' })).body;
    const answer = await scim(
      'PATCH',
      `/Users/${before.id}`,
      patch({ op: 'replace', path: 'title', value: 'Boss' }, { op: 'replace', path: 'nonsense[', value: 'x' }),
    );
    expectScimError(answer, 400, 'invalidPath');
    expect((await scim('GET', `/Users/${before.id}`)).body).toEqual(before);
  });

  it.each([
    ['an unfinished comparison', 'userName eq'],
    ['an unknown operator', 'userName zz "x"'],
    ['an open string', 'userName eq "x'],
    ['an unknown attribute', 'nonsense eq "x"'],
    ['an order on booleans', 'active gt true'],
    ['an open parenthesis', '(userName eq "x"'],
    ['an open junction', 'userName eq "x" and'],
    ['an open value path', 'emails[type eq "work"'],
    ['10,000 parentheses', `${'('.repeat(10_000)}userName eq "x"${')'.repeat(10_000)}`],
    ['3,000 negations', `${'not ('.repeat(3_000)}userName eq "x"${')'.repeat(3_000)}`],
  ])('refuses a filter: %s', async (_, filter) => {
    const { scim } = await startLinkspan({ targets: [] });
    expectScimError(await scim('GET', `/Users?filter=${encodeURIComponent(filter)}`), 400, 'invalidFilter');
  });

  it.each(['sqlite', 'postgres'] as const)('knows no other paths, methods and media types (%s)', async (kind) => {
    const { scim, url } = await startLinkspan({ targets: [], kind });
    const { id } = (await scim('POST', '/Users', { userName: 'jane' })).body;
    expectScimError(await scim('GET', '/Nonsense'), 404);
    expectScimError(await scim('GET', `/Users/${id}/more`), 404);
    expectScimError(await scim('GET', '/Users/nobody'), 404);
    expectScimError(await scim('GET', '/Users/a%00b'), 404);
    expectScimError(await scim('DELETE', '/Users/%00'), 404);
    expectScimError(await scim('GET', `/Groups/${id}`), 404);
    const wrongMethod = await scim('DELETE', '/Users');
    expectScimError(wrongMethod, 405);
    expect(wrongMethod.headers.get('allow')).toBe('GET, POST');
    expectScimError(await scim('POST', '/Users', '<user/>', { 'content-type': 'application/xml' }), 415);
    expectScimError(await scim('GET', '/Users?startIndex=one'), 400, 'invalidValue');
    expect((await fetch(`${url}/nothing`)).status).toBe(404);
  });

  it('accepts what is only unusual', async () => {
    const { scim } = await startLinkspan({ targets: [] });
    const json = { 'content-type': 'application/json; charset=utf-8' };
    expect((await scim('POST', '/Users', { userName: 'a' }, json)).status).toBe(201);
    const answer = await scim('GET', '/Users/?startIndex=0&count=-1', undefined, { accept: 'application/json' });
    expect(answer.body).toMatchObject({ totalResults: 1, startIndex: 1, itemsPerPage: 0, Resources: [] });
    expect(answer.headers.get('content-type')).toBe('application/json');
  });
});

describe('who may ask', () => {
  const ask = async (linkspan: Linkspan, path: string, authorization?: string) => {
    const response = await fetch(`${linkspan.url}${path}`, { headers: authorization ? { authorization } : {} });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };

  it("refuses no token, a wrong one, another tenant's and another scheme, all alike", async () => {
    const linkspan = await startLinkspan({ targets: [] });
    const other = await linkspan.addTenant('globex', { targets: [] });
    const path = '/tenants/acme/scim/v2/Users';
    for (const authorization of [undefined, 'Bearer nonsense', `Bearer ${other.token}`, `Basic ${other.token}`]) {
      const answer = await ask(linkspan, path, authorization);
      expectScimError(answer, 401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="scim"/);
    }
    expectScimError(await ask(linkspan, '/tenants/nobody/scim/v2/Users', `Bearer ${other.token}`), 401);
  });

  it('takes the token with "Bearer" in any case, and alone', async () => {
    const linkspan = await startLinkspan({ targets: [] });
    const path = '/tenants/acme/scim/v2/Users';
    for (const authorization of [
      `bearer ${linkspan.scim.token}`,
      `BEARER ${linkspan.scim.token}`,
      linkspan.scim.token,
    ]) {
      expect((await ask(linkspan, path, authorization)).status).toBe(200);
    }
  });

  it('finds no resource of another tenant, under any method', async () => {
    const linkspan = await startLinkspan({ targets: [] });
    const other = await linkspan.addTenant('globex', { targets: [] });
    const { id } = (await linkspan.scim('POST', '/Users', { userName: 'jane' })).body;
    expectScimError(await other('GET', `/Users/${id}`), 404);
    expectScimError(await other('PUT', `/Users/${id}`, { userName: 'mallory' }), 404);
    expectScimError(await other('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'title', value: 'x' })), 404);
    expectScimError(await other('DELETE', `/Users/${id}`), 404);
    expect((await other('GET', '/Users?filter=userName eq "jane"')).body.totalResults).toBe(0);
    expect((await linkspan.scim('GET', `/Users/${id}`)).body.userName).toBe('jane');
  });

  it('keeps only a hash of the token', async () => {
    const { app, scim } = await startLinkspan({ targets: [] });
    const rows = await app.store.read.selectFrom('tokens').selectAll().execute();
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(scim.token);
  });
});

it('answers a broken HTTP request without falling over', async () => {
  const { url, scim } = await startLinkspan({ targets: [] });
  const { port, hostname } = new URL(url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () =>
      socket.end('POST /tenants/acme/scim/v2/Users HTTP/1.1\r\nContent-Length: 5\r\n\r\nx'),
    );
    socket.on('close', () => resolve()).on('error', () => resolve());
    socket.resume();
  });
  expect((await scim('GET', '/Users')).status).toBe(200);
});
