/** Faults that stop Entra ID, Okta and others, and the check and requirement that must see each. */
import type { Passing, Spoil } from './front.ts';
import {
  A_USER,
  answer,
  EMPTY,
  ENTERPRISE,
  ERROR_BODY,
  type Fault,
  ignored,
  instead,
  nothing,
  refusing,
  remembering,
  when,
} from './twists.ts';

// biome-ignore lint/suspicious/noExplicitAny: JSON of the good server, spoilt at will
type Any = any;

const read = (change: (body: Any) => void) => when(A_USER, (passing) => passing.status === 200 && change(passing.body));
const list = (change: (body: Any) => void) =>
  when(/^GET \/Users\?/, (passing) => passing.status === 200 && change(passing.body));
const created = (change: (body: Any, passing: Passing) => void) =>
  when(/^POST \/Users$/, (passing) => passing.status === 201 && change(passing.body, passing));
const notFound = answer(404, { ...ERROR_BODY, status: '404' });

/** Whoever is disabled is not found. */
const hidden = list((body) => {
  body.Resources = body.Resources.filter((each: Any) => each.active !== false);
  body.totalResults = body.Resources.length;
});
/** userName is compared with its case. */
const withCase = remembering((): Spoil => {
  const names: string[] = [];
  return (passing) => {
    if (passing.method === 'POST') names.push(passing.sent?.userName);
    const asked = /userName eq "([^"]+)"/i.exec(passing.path)?.[1];
    if (passing.method === 'GET' && asked && !names.includes(asked)) answer(200, EMPTY)(passing);
  };
});
/** The second DELETE is answered like the first. */
const deletedTwice = when(/^DELETE/, instead(404, 204, undefined));
const stillThere = when(/^GET \/(Users|Groups)\//, instead(404, 200, {}));
/** After a PATCH, of whatever, a group is empty. */
const emptiedByPatch = remembering((): Spoil => {
  let isPatched = false;
  return (passing) => {
    isPatched ||= passing.method === 'PATCH';
    if (isPatched && passing.path.startsWith('/Groups/') && passing.method === 'GET') passing.body.members = [];
  };
});
/** Reads no `value` of a removal: the group is empty then. */
const emptying = ({ sent }: { sent: Any }) => {
  for (const each of sent?.Operations ?? []) if (/remove/i.test(each.op) && each.path === 'members') delete each.value;
};
const isText = ({ value }: Any) => typeof value === 'string';
const atMembers = ({ path }: Any) => path === 'members';
const pathless = ({ path }: Any) => path === undefined || path === null;
const isManager = ({ path }: Any) => path === `${ENTERPRISE}:manager`;

export const FIELD_FAULTS: readonly Fault[] = [
  ['entra/probe', '404', 'ENTRA-1', when(/^GET \/Users\?filter=/, notFound)],
  ['entra/create', 'no id', 'ENTRA-2', read((body) => delete body.id)],
  ['entra/create', 'another name', 'ENTRA-3', created((body) => (body.userName = 'jane'))],
  [
    'entra/create',
    'plain JSON',
    'ENTRA-32',
    when(A_USER, ({ answerHeaders: h }) => (h['content-type'] = 'application/json')),
  ],
  ['entra/match', 'no id', 'ENTRA-2', list(({ Resources: [first] }) => first && delete first.id)],
  ['entra/match', 'nobody', 'ENTRA-4', when(/filter=userName/, answer(200, EMPTY))],
  ['entra/match', 'nobody', 'ENTRA-5', when(/filter=externalId/, answer(200, EMPTY))],
  ['entra/match', 'refused', 'ENTRA-6', when(/filter=emails\[/, answer(400, ERROR_BODY))],
  ['entra/match', 'with case', 'ENTRA-7', withCase],
  ['entra/update', 'capital letters are passed over', 'ENTRA-8', nothing, ignored(({ op }) => op === 'Replace')],
  ['entra/update', 'URNs are refused', 'ENTRA-13', refusing(({ path }) => path.startsWith('urn:'))],
  ['entra/disable', 'texts are passed over', 'ENTRA-9', nothing, ignored(({ value }) => value === 'False')],
  ['entra/disable', 'an echo of the text', 'ENTRA-10', read((body) => (body.active = String(body.active)))],
  ['entra/disable', 'hidden', 'ENTRA-11', hidden],
  ['entra/flag', 'passed over', 'ENTRA-12', nothing, ignored(pathless)],
  ['entra/manager', 'stays', 'ENTRA-14', nothing, ignored(({ value }) => value === '')],
  ['entra/manager', 'a text is refused', 'ENTRA-15', refusing((each) => isManager(each) && isText(each))],
  ['entra/null', 'stays', 'ENTRA-16', nothing, ignored(({ value }) => value === null)],
  ['entra/missing-value', 'noTarget', 'ENTRA-34', refusing(({ path }) => path?.includes('['))],
  ['entra/values', 'reformatted', 'ENTRA-31', read(({ phoneNumbers: [phone] }) => (phone.value = '+5 (555) 555-5555'))],
  [
    'entra/primary-text',
    'refused',
    'ENTRA-30',
    when(/^POST/, (passing) => passing.sent.emails[0].primary === 'true' && answer(400, ERROR_BODY)(passing)),
  ],
  ['entra/role', 'refused', 'ENTRA-35', refusing(({ path }) => path === 'roles')],
  ['entra/delete', 'still there', 'ENTRA-26', stillThere],
  ['entra/delete', '204 again', 'ENTRA-27', deletedTwice],
  [
    'entra/groups',
    'none',
    'ENTRA-18',
    when(
      /^GET \/ResourceTypes$/,
      ({ body }) => (body.Resources = body.Resources.filter((each: Any) => each.name !== 'Group')),
    ),
  ],
  [
    'entra/group-create',
    'an unknown URN is refused',
    'ENTRA-19',
    when(/^POST \/Groups$/, (passing) => passing.sent.schemas.length > 1 && answer(400, ERROR_BODY)(passing)),
  ],
  ['entra/group-create', 'nobody', 'ENTRA-20', when(/filter=displayName/, answer(200, EMPTY))],
  ['entra/group-create', 'twice', 'ENTRA-25', when(/^POST \/Groups$/, instead(409, 201, { id: 'x' }))],
  ['entra/group-create', 'still there', 'ENTRA-26', stillThere],
  [
    'entra/group-without-members',
    'with members',
    'ENTRA-20',
    when(/excludedAttributes/, ({ body }) => (body.members = [])),
  ],
  [
    'entra/group-members',
    'the first alone is added',
    'ENTRA-21',
    nothing,
    ({ sent }) => sent?.Operations?.[0].value?.splice(1),
  ],
  ['entra/group-members', 'emptied', 'ENTRA-22', nothing, emptying],
  ['entra/group-members', 'passed over', 'ENTRA-23', nothing, ignored(({ path }) => path.startsWith('members['))],
  ['entra/group-rename', 'emptied', 'ENTRA-24', emptiedByPatch],
  ['entra/first-page', '404', 'ENTRA-36', when(/\/Groups\?count=1/, notFound)],
  ['entra/paging', 'always 1', 'ENTRA-17', list((body) => (body.startIndex = 1))],
  ['entra/parameter', 'refused', 'ENTRA-33', when(/aadOptscim/, answer(400, ERROR_BODY))],
  ['entra/schemas', 'null', 'ENTRA-28', when(/^GET \/Schemas$/, ({ body }) => (body.Resources[0].meta.version = null))],

  ['okta/first-page', 'a text', 'OKTA-1', list((body) => (body.totalResults = String(body.totalResults)))],
  ['okta/unknown', '404', 'OKTA-3', when(/^GET \/Users\?filter=/, notFound)],
  ['okta/unknown', 'no detail', 'OKTA-4', when(A_USER, ({ body }) => delete body.detail)],
  ['okta/unknown', 'capitals are refused', 'OKTA-8', when(/eq "[A-Z]/, answer(400, ERROR_BODY))],
  ['okta/create', 'no address', 'OKTA-2', read((body) => delete body.emails)],
  ['okta/create', 'an empty user', 'OKTA-5', when(/^POST \/Users$/, ({ body }) => delete body.userName)],
  ['okta/create', 'another name', 'OKTA-6', read(({ name }) => (name.givenName = 'Joan'))],
  ['okta/create', 'taken twice', 'OKTA-7', when(/^POST \/Users$/, instead(409, 200, {}))],
  [
    'okta/create',
    'charset',
    'OKTA-23',
    when(
      /^POST/,
      (passing) => passing.headers['content-type']?.includes('charset') && answer(415, ERROR_BODY)(passing),
    ),
  ],
  [
    'okta/update',
    'an id is refused',
    'OKTA-10',
    when(/^PUT/, (passing) => passing.sent.id && answer(400, ERROR_BODY)(passing)),
  ],
  [
    'okta/disable-by-put',
    'passed over',
    'OKTA-11',
    nothing,
    ({ method, sent }) => {
      if (method === 'PUT') sent.active = true;
    },
  ],
  ['okta/disable-by-put', 'hidden', 'OKTA-13', hidden],
  ['okta/disable-by-patch', 'passed over', 'OKTA-12', nothing, ignored(pathless)],
  ['okta/disable-by-patch', 'hidden', 'OKTA-13', hidden],
  ['okta/order', 'backwards', 'OKTA-22', when(/startIndex=1&count=3/, ({ body }) => body.Resources.reverse())],
  ['okta/group-list', '404', 'OKTA-9', when(/^GET \/Groups\?/, notFound)],
  ['okta/group-create', 'an empty group', 'OKTA-14', when(/^POST \/Groups$/, ({ body }) => delete body.displayName)],
  ['okta/group-create', '200', 'OKTA-20', when(/^DELETE/, instead(204, 200, undefined))],
  ['okta/group-create', 'nobody', 'OKTA-21', when(/filter=displayName/, answer(200, EMPTY))],
  ['okta/group-rename', 'an id is refused', 'OKTA-15', refusing(({ value }) => value?.id)],
  ['okta/group-members', 'the first alone is done', 'OKTA-16', nothing, ({ sent }) => sent?.Operations?.splice(1)],
  [
    'okta/group-members',
    'added',
    'OKTA-17',
    nothing,
    ({ sent }) => {
      for (const each of sent?.Operations ?? []) if (each.op === 'replace' && atMembers(each)) each.op = 'add';
    },
  ],
  ['okta/group-members', 'hidden', 'OKTA-19', when(/^GET \/Groups\/[^?]+$/, ({ body }) => delete body.members)],
  [
    'okta/group-put',
    'members are passed over',
    'OKTA-18',
    nothing,
    ({ method, sent }) => {
      if (method === 'PUT') sent.members = [];
    },
  ],

  ['dialects/op', 'with case', 'DIALECT-1', refusing(({ op }) => op !== op.toLowerCase())],
  ['dialects/op', 'null', 'DIALECT-2', refusing(({ path }) => path === null)],
  [
    'dialects/without-path',
    'dots are not understood',
    'DIALECT-3',
    nothing,
    ignored((each) => pathless(each) && Object.keys(each.value).some((key) => key.startsWith('name.'))),
  ],
  ['dialects/without-path', 'replaced as a whole', 'DIALECT-4', read((body) => delete body.emails)],
  ['dialects/booleans', 'texts are passed over', 'DIALECT-5', nothing, ignored(isText)],
  [
    'dialects/booleans',
    'refused',
    'DIALECT-6',
    when(/^POST/, (passing) => passing.sent.active === 'true' && answer(400, ERROR_BODY)(passing)),
  ],
  ['dialects/booleans', 'an echo of the text', 'DIALECT-7', read((body) => (body.active = String(body.active)))],
  ['dialects/missing-value', 'passed over', 'DIALECT-8', nothing, ignored(({ path }) => path.includes('['))],
  ['dialects/manager', 'a list is refused', 'DIALECT-13', refusing(({ value }) => Array.isArray(value))],
  ['dialects/manager', 'stays', 'DIALECT-14', nothing, ignored(({ value }) => value === '')],
  ['dialects/member-removal', 'passed over', 'DIALECT-9', nothing, ignored(({ path }) => path.startsWith('members['))],
  ['dialects/member-removal', 'emptied', 'DIALECT-10', nothing, emptying],
  ['dialects/member-removal', 'refused', 'DIALECT-11', refusing((each) => atMembers(each) && each.value === undefined)],
  [
    'dialects/member-again',
    'noTarget',
    'DIALECT-12',
    refusing(({ op, path }) => op === 'remove' && path.startsWith('members[')),
  ],
  [
    'dialects/patch-without-schemas',
    'refused',
    'DIALECT-17',
    when(/^PATCH/, (passing) => !passing.sent.schemas && answer(400, ERROR_BODY)(passing)),
  ],
  ['dialects/unnamed-extension', 'dropped', 'DIALECT-15', created((body) => delete body[ENTERPRISE])],
  [
    'dialects/unknown-attributes',
    'refused',
    'DIALECT-16',
    when(/^POST/, (passing) => passing.sent.linkspanComplianceUnknown && answer(400, ERROR_BODY)(passing)),
  ],
  [
    'dialects/old-urn',
    'refused',
    'DIALECT-34',
    when(/^POST/, (passing) => passing.sent.schemas[0].includes('1.0') && answer(400, ERROR_BODY)(passing)),
  ],
  [
    'dialects/null',
    'refused',
    'DIALECT-18',
    when(/^POST/, (passing) => passing.sent.nickName === null && answer(400, ERROR_BODY)(passing)),
  ],
  [
    'dialects/echo',
    'refused',
    'DIALECT-19',
    when(/^PUT/, (passing) => passing.sent.meta && answer(400, ERROR_BODY)(passing)),
  ],
  ['dialects/disabled', 'hidden', 'DIALECT-24', hidden],
  ['dialects/disabled', 'out of its groups', 'DIALECT-25', emptiedByPatch],
  ['dialects/duplicate', '400', 'DIALECT-28', when(/^POST/, instead(409, 400, ERROR_BODY))],
  ['dialects/duplicate', 'no type', 'DIALECT-29', when(/^POST/, ({ body }) => delete body.scimType)],
  ['dialects/gone', 'text', 'DIALECT-30', when(A_USER, instead(404, 404, 'Not Found'))],
  ['dialects/gone', '204 again', 'DIALECT-31', deletedTwice],
  ['dialects/without-if-match', '428', 'DIALECT-32', when(/^PATCH/, answer(428, ERROR_BODY))],
  [
    'dialects/filters',
    'a plus is a plus',
    'DIALECT-20',
    remembering((): Spoil => {
      let count = 0;
      return (passing) => {
        if (/filter=userName eq/.test(passing.path) && ++count === 2) answer(400, ERROR_BODY)(passing);
      };
    }),
  ],
  ['dialects/filters', 'names with case', 'DIALECT-21', when(/filter=USERNAME/, answer(400, ERROR_BODY))],
  ['dialects/nobody', '404', 'DIALECT-22', when(/^GET \/Users\?filter=/, notFound)],
  ['dialects/nobody', 'a text', 'DIALECT-23', list((body) => (body.totalResults = String(body.totalResults)))],
  [
    'dialects/media-types',
    'application/json is refused',
    'DIALECT-26',
    when(
      /^POST/,
      (passing) => passing.headers['content-type'] === 'application/json' && answer(415, ERROR_BODY)(passing),
    ),
  ],
  [
    'dialects/media-types',
    '406',
    'DIALECT-27',
    when(A_USER, (passing) => passing.headers.accept === 'application/json' && answer(406, ERROR_BODY)(passing)),
  ],
  ['dialects/addresses', 'two slashes', 'DIALECT-33', when(/^GET \/\/Users/, notFound)],
];
