/** ETags, Bulk and /Me. */
import type { Any } from './broken-server.ts';
import { all, answers, error, handles, instead, type Mutation, requests, shown } from './mutation.ts';

const BULK = /^POST \/Bulk$/;
const RESOURCES = /^\S+ \/(Users|Groups)/;
const without = (header: string, where: RegExp) => requests(where, ({ headers }) => delete headers[header]);
const results = (change: (result: Any, index: number) => void) =>
  answers(BULK, ({ body }) => {
    for (const [index, each] of (body?.Operations ?? []).entries()) change(each, index);
  });
const bulk = (change: (body: Any) => void) =>
  requests(BULK, ({ body }) => {
    if (Array.isArray(body?.Operations)) change(body);
  });

export const mutations: readonly Mutation[] = [
  {
    name: 'no-etag',
    broken: 'Versions are advertised, and answers have no ETag.',
    fault: answers(RESOURCES, ({ headers }) => delete headers.etag),
    reds: ['etag/header'],
  },
  {
    name: 'no-version',
    broken: 'Versions are advertised, and meta has none.',
    fault: shown(({ meta }) => delete meta?.version),
    reds: ['etag/header'],
  },
  {
    name: 'version-for-ever',
    broken: 'The version stays the same, whatever changes.',
    fault: all(
      answers(RESOURCES, ({ headers, body }) => {
        if (headers.etag) headers.etag = 'W/"1"';
        if (body?.meta?.version) body.meta.version = 'W/"1"';
      }),
      without('if-match', /^/),
      instead(/^GET/, ({ headers }) => (headers['if-none-match'] ? { status: 304, headers: {} } : undefined)),
    ),
    reds: ['etag/changes', 'etag/not-modified'],
  },
  {
    name: 'never-not-modified',
    broken: 'If-None-Match is ignored.',
    fault: without('if-none-match', /^GET/),
    reds: ['etag/not-modified'],
  },
  {
    name: 'always-not-modified',
    broken: 'Every If-None-Match is answered with 304.',
    fault: instead(/^GET/, ({ headers }) => (headers['if-none-match'] ? { status: 304, headers: {} } : undefined)),
    reds: ['etag/not-modified'],
  },
  {
    name: 'stale-put-taken',
    broken: 'If-Match is ignored by PUT.',
    fault: without('if-match', /^PUT/),
    reds: ['etag/stale-put'],
  },
  {
    name: 'stale-patch-taken',
    broken: 'If-Match is ignored by PATCH.',
    fault: without('if-match', /^PATCH/),
    reds: ['etag/stale-patch'],
  },
  {
    name: 'stale-delete-taken',
    broken: 'If-Match is ignored by DELETE.',
    fault: without('if-match', /^DELETE/),
    reds: ['etag/stale-delete'],
  },
  {
    name: 'stale-as-bad-request',
    broken: 'An older version is answered with 400.',
    fault: answers(
      /^/,
      (answer) => Object.assign(answer, error(400)),
      ({ status }) => status === 412,
    ),
    reds: ['etag/stale-put', 'etag/stale-patch', 'etag/stale-delete'],
  },
  {
    name: 'weak-never-matches',
    broken: 'If-Match never matches a weak version.',
    fault: instead(/^(PUT|PATCH|DELETE)/, ({ headers }) => (headers['if-match'] ? error(412) : undefined)),
    reds: ['etag/latest'],
  },
  {
    name: 'bulk-multi-status',
    broken: 'A bulk request is answered with 207.',
    fault: answers(BULK, (answer) => {
      answer.status = 207;
    }),
    reds: ['bulk/create', 'bulk/failure'],
    kin: ['bulk/circle'],
  },
  {
    name: 'bulk-fails-as-a-whole',
    broken: 'A bulk request fails if one of its operations does.',
    fault: answers(BULK, (answer) => {
      const failed = answer.body?.Operations?.find((each: Any) => Number(each.status) >= 400);
      if (failed) Object.assign(answer, error(Number(failed.status)));
    }),
    reds: ['bulk/failure'],
  },
  {
    name: 'bulk-without-ids',
    broken: 'Results of a bulk request have no bulkId.',
    fault: results((each) => delete each.bulkId),
    reds: ['bulk/create'],
    kin: ['bulk/circle'],
  },
  {
    name: 'bulk-without-locations',
    broken: 'Results of a bulk request have no location.',
    fault: results((each) => delete each.location),
    reds: ['bulk/create', 'bulk/methods'],
  },
  {
    name: 'bulk-all-ok',
    broken: 'Every result of a bulk request is 200.',
    fault: results((each) => {
      if (Number(each.status) < 400) each.status = '200';
    }),
    reds: ['bulk/create', 'bulk/methods', 'bulk/failure'],
    kin: ['bulk/circle'],
  },
  {
    name: 'bulk-deletes-untold',
    broken: 'A bulk request does not tell of deletions.',
    fault: answers(BULK, ({ body }) => {
      body.Operations = body.Operations.filter((each: Any) => each.method !== 'DELETE');
    }),
    reds: ['bulk/methods'],
  },
  {
    name: 'bulk-errors-unexplained',
    broken: 'A failed operation does not say why.',
    fault: results((each) => delete each.response),
    reds: ['bulk/failure'],
  },
  {
    name: 'bulk-ends-at-the-first-error',
    broken: 'The first error ends a bulk request.',
    fault: bulk((body) => {
      body.failOnErrors = 1;
    }),
    reds: ['bulk/failure'],
  },
  {
    name: 'bulk-never-ends',
    broken: 'failOnErrors is ignored.',
    fault: bulk((body) => delete body.failOnErrors),
    reds: ['bulk/fail-on-errors'],
  },
  {
    name: 'bulk-backwards',
    broken: 'Operations of a bulk request are carried out in another order.',
    fault: handles(BULK, async (asked, good) => {
      const isPut = asked.body?.Operations?.every?.((each: Any) => each.method === 'PUT');
      return good(
        isPut ? { ...asked, body: { ...asked.body, Operations: asked.body.Operations.toReversed() } } : asked,
      );
    }),
    reds: ['bulk/order'],
  },
  {
    name: 'bulk-versions-ignored',
    broken: 'An older version in a bulk request is ignored.',
    fault: bulk((body) => {
      for (const each of body.Operations) delete each.version;
    }),
    reds: ['bulk/stale'],
  },
  {
    name: 'bulk-of-nothing',
    broken: 'A bulk request without operations succeeds.',
    fault: instead(BULK, ({ body }) =>
      Array.isArray(body?.Operations)
        ? undefined
        : {
            status: 200,
            headers: {},
            body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkResponse'], Operations: [] },
          },
    ),
    reds: ['bulk/unusable'],
  },
  {
    name: 'bulk-references-kept',
    broken: 'A reference to a bulkId stays as it is.',
    fault: bulk((body) => {
      body.Operations = JSON.parse(JSON.stringify(body.Operations).replaceAll('"bulkId:', '"bulkid-'));
    }),
    reds: ['bulk/references', 'bulk/references-extension', 'bulk/circle'],
  },
  {
    name: 'bulk-circles-fail',
    broken: 'Two groups with each other as members cannot be made, and the answer is 500.',
    fault: results((each) => {
      if (/other|one/.test(each.bulkId)) each.status = '500';
    }),
    reds: ['bulk/circle'],
  },
  {
    name: 'bulk-too-many-as-bad-request',
    broken: 'Too many operations are answered with 400.',
    fault: answers(
      BULK,
      (answer) => Object.assign(answer, error(400)),
      ({ status }) => status === 413,
    ),
    reds: ['bulk/too-many'],
  },
  {
    name: 'bulk-limit-untold',
    broken: 'A 413 does not say what the limit is.',
    fault: answers(
      BULK,
      (answer) => Object.assign(answer, error(413)),
      ({ status }) => status === 413,
    ),
    reds: ['bulk/too-many'],
  },
  {
    name: 'me-not-found',
    broken: 'There is no /Me, and it is answered with 404.',
    fault: instead(/^GET \/Me$/, () => error(404)),
    reds: ['me/alias'],
  },
  {
    name: 'me-without-location',
    broken: '/Me does not tell the location of who asks.',
    fault: instead(/^GET \/Me$/, () => ({
      status: 200,
      headers: {},
      body: { id: 'me', userName: 'jane', meta: { location: '/Users/jane' } },
    })),
    reds: ['me/alias'],
  },
];
