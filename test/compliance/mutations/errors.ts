/** How errors are told. */
import type { Any } from './broken-server.ts';
import { ANY, answers, error, instead, type Mutation, refusals, status, whatever } from './mutation.ts';

const text = (answer: { headers: Record<string, string>; body?: Any }, body: string) => {
  answer.headers['content-type'] = 'text/html';
  answer.body = body;
};

export const mutations: readonly Mutation[] = [
  {
    name: 'messages-without-schemas',
    broken: 'Lists and errors do not name their kind in schemas.',
    fault: answers(
      ANY,
      ({ body }) => {
        if (String(body?.schemas).includes(':messages:')) delete body.schemas;
      },
      whatever,
    ),
    reds: ['http/messages', 'list/message', 'errors/body', 'authentication/error-body', 'discovery/types'],
    kin: [
      'discovery/schemas',
      'cursor/invalid',
      'search/query',
      'bulk/create',
      'entra/probe',
      'entra/first-page',
      'entra/schemas',
      'okta/first-page',
      'okta/unknown',
      'dialects/gone',
    ],
  },
  {
    name: 'errors-as-success',
    broken: 'Errors are answered with 200; the body says that they are errors.',
    fault: answers(
      ANY,
      (answer) => {
        answer.status = 200;
      },
      ({ status }) => status >= 400 && status !== 401,
    ),
    reds: ['errors/body', 'errors/not-found', 'delete/gone', 'create/conflict', 'replace/unknown'],
    kin: [
      'discovery/filter',
      'schemas/primary',
      'schemas/unique',
      'users/user-name',
      'users/prepared-names',
      'errors/syntax',
      'errors/value',
      'replace/taken-name',
      'patch/no-operations',
      'patch/unknown-operation',
      'patch/malformed-path',
      'patch/unknown-path',
      'patch/read-only',
      'patch/wrong-type',
      'patch/taken-name',
      'patch/add-no-value',
      'patch/remove-no-path',
      'patch/remove-required',
      'groups/display-name',
      'cursor/invalid',
      'cursor/invalid-count',
      'filter/malformed',
      'filter/unknown-operator',
      'filter/booleans',
      'filter/binaries',
      'filter/in-brackets',
      'etag/stale-put',
      'etag/stale-patch',
      'etag/stale-delete',
      'bulk/methods',
      'bulk/unusable',
      'bulk/too-many',
      'me/alias',
      'entra/delete',
      'entra/group-create',
      'okta/unknown',
      'okta/create',
      'okta/group-create',
      'dialects/duplicate',
      'dialects/gone',
    ],
  },
  {
    name: 'errors-as-html',
    broken: 'Errors have a page of HTML as their body.',
    fault: answers(ANY, (answer) => text(answer, '<h1>Sorry</h1>'), refusals),
    reds: ['errors/body', 'http/media-type', 'dialects/gone', 'okta/unknown', 'patch/atomic'],
    kin: [
      'authentication/error-body',
      'create/conflict',
      'errors/syntax',
      'errors/value',
      'replace/taken-name',
      'patch/malformed-path',
      'patch/read-only',
      'patch/wrong-type',
      'patch/taken-name',
      'patch/remove-no-path',
      'patch/remove-required',
      'cursor/invalid',
      'cursor/invalid-count',
      'filter/malformed',
      'filter/unknown-operator',
      'filter/booleans',
      'filter/binaries',
      'filter/incomparable',
      'filter/in-brackets',
      'search/filter',
      'bulk/too-many',
      'dialects/duplicate',
    ],
  },
  {
    name: 'status-as-a-number',
    broken: 'The status in the body of an error is a number.',
    fault: answers(
      ANY,
      (answer) => {
        if (answer.body?.status) answer.body.status = answer.status;
      },
      refusals,
    ),
    reds: ['errors/body', 'authentication/error-body'],
  },
  {
    name: 'errors-without-detail',
    broken: 'Errors do not say in words what is wrong.',
    fault: answers(ANY, ({ body }) => delete body?.detail, refusals),
    reds: ['filter/unknown-operator', 'okta/unknown'],
    kin: ['bulk/too-many'],
  },
  {
    name: 'errors-without-type',
    broken: 'Errors have no scimType.',
    fault: answers(ANY, ({ body }) => delete body?.scimType, refusals),
    reds: [
      'create/conflict',
      'errors/syntax',
      'errors/value',
      'replace/taken-name',
      'patch/taken-name',
      'patch/malformed-path',
      'patch/read-only',
      'patch/remove-no-path',
      'patch/remove-required',
      'patch/wrong-type',
      'filter/malformed',
      'filter/in-brackets',
      'filter/booleans',
      'filter/binaries',
      'filter/incomparable',
      'cursor/invalid',
      'dialects/duplicate',
    ],
    kin: ['cursor/invalid-count', 'filter/unknown-operator', 'search/filter'],
  },
  {
    name: 'bad-request-for-not-found',
    broken: 'What is not there is answered with 400.',
    fault: answers(
      ANY,
      (answer) => {
        answer.status = 400;
        if (answer.body?.status) answer.body.status = '400';
      },
      status(404),
    ),
    reds: ['errors/not-found', 'delete/gone', 'replace/unknown', 'okta/unknown', 'dialects/gone', 'entra/delete'],
    kin: ['bulk/methods', 'entra/group-create', 'okta/group-create'],
  },
  {
    name: 'landing-page',
    broken: 'An endpoint that does not exist is answered with the page of a web application.',
    fault: answers(
      ({ path }) => !/^\/(Users|Groups|Schemas|ResourceTypes|Me|Bulk|\.search)/.test(path),
      (answer) => {
        answer.status = 200;
        text(answer, '<!doctype html>');
      },
      status(404),
    ),
    reds: ['errors/not-found'],
  },
  {
    name: 'crash-on-bad-json',
    broken: 'A body that is no JSON object is answered with 500.',
    fault: instead(
      ({ method, body }) => method === 'POST' && (typeof body === 'string' || Array.isArray(body)),
      () => error(500),
    ),
    reds: ['errors/syntax', 'bulk/unusable'],
  },
];
