/** Faults in versions, Bulk, passwords and /Me, and the checks and requirements that must see them. */
import { type Bend, error, listed, operations } from './bending.ts';

export const CONDITIONS: Record<string, Bend> = {
  'password hash in a list': {
    sees: ['password/hidden RFC7643-4.1.1-13'],
    answers: (answer) => {
      for (const e of listed(answer)) e.password = '$2b$';
    },
  },
  'no etag header': {
    sees: ['etag/header RFC7644-3.14-1'],
    answers: (answer) => {
      delete answer.answerHeaders.etag;
    },
  },
  'no meta version': {
    sees: ['etag/header RFC7644-3.14-2'],
    answers: (answer) => {
      delete answer.body?.meta?.version;
    },
  },
  'versions differ': {
    sees: ['etag/header RFC7643-3.1-19'],
    answers: (answer) => {
      if (answer.body?.meta) answer.body.meta.version = 'W/"x"';
    },
  },
  'version never changes': {
    sees: ['etag/changes RFC7644-3.14-8'],
    answers: (answer) => {
      if (answer.body?.meta) answer.body.meta.version = 'W/"x"';
      answer.answerHeaders.etag = 'W/"x"';
    },
  },
  'if-none-match ignored': {
    sees: ['etag/not-modified RFC7644-3.14-3'],
    asks: (asked) => {
      delete asked.headers['if-none-match'];
    },
  },
  'always 304': {
    sees: ['etag/not-modified RFC7644-3.14-4'],
    answers: (answer, asked) => {
      if (asked.headers['if-none-match']) {
        answer.status = 304;
        answer.body = undefined;
      }
    },
  },
  'if-match ignored': {
    sees: ['etag/stale-delete RFC7644-3.12-15', 'etag/stale-patch RFC7644-3.14-6', 'etag/stale-put RFC7644-3.14-5'],
    asks: (asked) => {
      delete asked.headers['if-match'];
    },
  },
  'stale is 400': {
    sees: ['etag/stale-delete RFC7644-3.12-15', 'etag/stale-patch RFC7644-3.12-15', 'etag/stale-put RFC7644-3.12-15'],
    answers: (answer) => {
      if (answer.status === 412) answer.status = 400;
    },
  },
  'if-match always fails': {
    sees: ['etag/latest RFC7644-3.14-7'],
    asks: (asked) => (asked.headers['if-match'] ? error(412) : undefined),
  },
  'bulk without schemas': {
    sees: ['bulk/create RFC7644-3.7-1'],
    answers: (answer, asked) => {
      if (asked.path === '/Bulk') delete answer.body.schemas;
    },
  },
  'bulk 201': {
    sees: ['bulk/create RFC7644-3.7-7', 'bulk/failure RFC7644-3.7-7'],
    answers: (answer, asked) => {
      if (asked.path === '/Bulk') answer.status = 201;
    },
  },
  'bulkId lost': {
    sees: ['bulk/create RFC7644-3.7-11'],
    answers: (answer) => {
      for (const o of answer.body?.Operations ?? []) delete o.bulkId;
    },
  },
  'bulk location lost': {
    sees: ['bulk/create RFC7644-3.7.3-2', 'bulk/methods RFC7644-3.7.3-2'],
    answers: (answer) => {
      for (const o of answer.body?.Operations ?? []) delete o.location;
    },
  },
  'bulk status 200': {
    sees: ['bulk/create RFC7644-3.7.3-3', 'bulk/methods RFC7644-3.7.3-3'],
    answers: (answer) => {
      for (const o of answer.body?.Operations ?? []) o.status = '202';
    },
  },
  'bulk last result lost': {
    sees: ['bulk/failure RFC7644-3.7-9', 'bulk/failure RFC7644-3.7.3-1', 'bulk/methods RFC7644-3.7.3-1'],
    answers: (answer) => {
      answer.body?.Operations?.pop();
    },
  },
  'bulk errors lost': {
    sees: ['bulk/failure RFC7644-3.7-6'],
    answers: (answer) => {
      for (const o of answer.body?.Operations ?? []) delete o.response;
    },
  },
  'bulk errors speechless': {
    sees: ['bulk/failure RFC7644-3.7.3-4'],
    answers: (answer) => {
      for (const o of answer.body?.Operations ?? []) delete o.response?.detail;
    },
  },
  'bulk stops at first': {
    sees: ['bulk/failure RFC7644-3.7.3-1'],
    asks: (asked) => {
      if (asked.path === '/Bulk') asked.sent.failOnErrors = 1;
    },
  },
  'failOnErrors ignored': {
    sees: ['bulk/fail-on-errors RFC7644-3.7-10'],
    asks: (asked) => {
      if (asked.path === '/Bulk') delete asked.sent.failOnErrors;
    },
  },
  'bulk backwards': {
    sees: ['bulk/order RFC7644-3.7-12'],
    asks: (asked) => {
      if (asked.path === '/Bulk') asked.sent.Operations.reverse();
    },
  },
  'bulk version ignored': {
    sees: ['bulk/stale RFC7644-3.7-3'],
    asks: (asked) => {
      for (const o of asked.path === '/Bulk' ? asked.sent.Operations : []) delete o.version;
    },
  },
  'bulk takes nothing': {
    sees: ['bulk/unusable RFC7644-3.7-8'],
    asks: (asked) => (asked.path === '/Bulk' && !asked.sent?.Operations ? { status: 200, body: {} } : undefined),
  },
  'bulkId not replaced': {
    sees: ['bulk/references RFC7644-3.7.2-1', 'bulk/references-extension RFC7644-3.7.2-2'],
    answers: (answer, asked) => {
      if (asked.method === 'GET' && answer.body?.members) for (const m of answer.body.members) m.value = 'bulkId:jane';
      const e = answer.body?.['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'];
      if (asked.method === 'GET' && e?.manager) e.manager.value = 'bulkId:boss';
    },
  },
  'circle fails otherwise': {
    sees: ['bulk/circle RFC7644-3.7.1-1'],
    answers: (answer, asked) => {
      if (asked.path === '/Bulk') answer.status = 400;
    },
  },
  'limits not told': {
    sees: ['bulk/limits RFC7644-3.7.4-1'],
    answers: (answer) => {
      delete answer.body?.bulk?.maxOperations;
    },
  },
  'limit not kept': {
    sees: ['bulk/too-many RFC7644-3.7.4-2'],
    asks: (asked) =>
      asked.path === '/Bulk' && asked.sent.Operations.length > 900 ? { status: 200, body: {} } : undefined,
  },
  'limit not named': {
    sees: ['bulk/too-many RFC7644-3.7.4-3'],
    answers: (answer) => {
      if (answer.status === 413) answer.body.detail = 'too large';
    },
  },
  'size not kept': {
    sees: ['bulk/too-large RFC7644-3.7.4-2'],
    asks: (asked) => (asked.path === '/Bulk' ? { status: 200, body: {} } : undefined),
    answers: (answer) => {
      if (answer.body?.bulk?.maxPayloadSize) answer.body.bulk.maxPayloadSize = 100_000;
    },
  },
  'size not named': {
    sees: ['bulk/too-large RFC7644-3.7.4-3'],
    asks: (asked) => (asked.path === '/Bulk' ? error(413) : undefined),
    answers: (answer) => {
      if (answer.body?.bulk?.maxPayloadSize) answer.body.bulk.maxPayloadSize = 100_000;
    },
  },
  'me is 404': { sees: ['me/alias RFC7644-3.11-1'], asks: (asked) => (asked.path === '/Me' ? error(404) : undefined) },
  'me without location': {
    sees: ['me/alias RFC7644-3.11-2'],
    asks: (asked) =>
      asked.path === '/Me' ? { status: 200, body: { id: '1', meta: { location: 'http://x/Users/1' } } } : undefined,
  },
  'password change refused': {
    sees: ['password/change RFC7644-3.5.2.3-2'],
    asks: (asked) => (asked.method === 'PATCH' && operations(asked)[0]?.path === 'password' ? error(400) : undefined),
    answers: (answer) => {
      if (answer.body?.changePassword) answer.body.changePassword.supported = true;
    },
  },
  'password change shows': {
    sees: ['password/change RFC7643-4.1.1-13', 'password/change RFC7643-4.1.1-8'],
    answers: (answer, asked) => {
      if (answer.body?.changePassword) answer.body.changePassword.supported = true;
      if (asked.method === 'PUT') answer.body.password = 'x';
    },
  },
  'password put refused': {
    sees: ['password/change RFC7644-3.5.1-2'],
    asks: (asked) => (asked.method === 'PUT' ? error(400) : undefined),
    answers: (answer) => {
      if (answer.body?.changePassword) answer.body.changePassword.supported = true;
    },
  },
};
