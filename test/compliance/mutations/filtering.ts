/** Filters. */
import type { Any } from './broken-server.ts';
import {
  all,
  answers,
  error,
  filters,
  instead,
  LIST,
  list,
  type Mutation,
  refusingFilters,
  requests,
  sieved,
  USER,
} from './mutation.ts';

const filterOf = ({ query, body }: Any): string => query.get('filter') ?? body?.filter ?? '';

/** Whatever cannot be read is answered with this. */
const forgiving = (fits: RegExp) =>
  answers(
    ({ method, path, query, body }) => LIST.test(`${method} ${path}`) && fits.test(filterOf({ query, body })),
    (answer) => Object.assign(answer, list()),
    ({ status }) => status === 400,
  );

export const mutations: readonly Mutation[] = [
  {
    name: 'filter-ignored',
    broken: 'Filters are ignored.',
    fault: filters(() => null),
    reds: [
      'filter/equal',
      'filter/parts',
      'filter/malformed',
      'filter/groups',
      'list/no-match',
      'search/filter',
      'entra/probe',
      'entra/match',
      'okta/unknown',
      'dialects/nobody',
      'dialects/filters',
    ],
    kin: [
      'common/external-id',
      'users/user-name',
      'cursor/walk',
      'cursor/sorted',
      'cursor/search',
      'filter/*',
      'bulk/fail-on-errors',
      'entra/disable',
      'entra/group-create',
      'entra/group-without-members',
      'entra/parameter',
      'okta/disable-by-put',
      'okta/disable-by-patch',
      'okta/group-create',
      'dialects/disabled',
      'dialects/addresses',
    ],
  },
  {
    name: 'filter-finds-nobody',
    broken: 'A filter matches nobody.',
    fault: answers(
      ({ method, path, query, body }) => LIST.test(`${method} ${path}`) && filterOf({ query, body }) !== '',
      (answer) => Object.assign(answer, list()),
    ),
    reds: [
      'filter/equal',
      'entra/match',
      'okta/group-create',
      'entra/group-create',
      'entra/parameter',
      'dialects/addresses',
    ],
    kin: [
      'users/user-name',
      'filter/*',
      'projection/lists',
      'search/filter',
      'entra/disable',
      'entra/group-without-members',
      'okta/disable-by-put',
      'okta/disable-by-patch',
      'dialects/disabled',
      'dialects/filters',
    ],
  },
  {
    name: 'filter-eq-contains',
    broken: 'eq looks for a part of the text.',
    fault: filters((text) => text.replace(/^(userName) eq/i, '$1 co')),
    reds: ['filter/equal'],
    kin: ['filter/incomparable'],
  },
  {
    name: 'filter-ne-is-eq',
    broken: 'ne is taken for eq.',
    fault: filters((text) => text.replace(/ ne /i, ' eq ')),
    reds: ['filter/not-equal'],
  },
  {
    name: 'filter-parts-are-eq',
    broken: 'sw and ew look anywhere.',
    fault: filters((text) => text.replace(/ (sw|ew) /i, ' co ')),
    reds: ['filter/parts'],
  },
  {
    name: 'filter-pr-always',
    broken: 'pr matches everybody.',
    fault: filters((text) => text.replace(/[\w.]+ pr\b/gi, 'id pr')),
    reds: ['filter/present', 'list/root'],
  },
  {
    name: 'filter-pr-refused',
    broken: 'pr is refused.',
    fault: refusingFilters(/ pr\b/i),
    reds: ['filter/present', 'filter/defaults'],
  },
  {
    name: 'filter-ge-is-gt',
    broken: 'ge and le are taken for gt and lt.',
    fault: filters((text) => text.replace(/ ge /i, ' gt ').replace(/ le /i, ' lt ')),
    reds: ['filter/order'],
  },
  {
    name: 'filter-or-is-and',
    broken: 'or is taken for and.',
    fault: filters((text) => text.replaceAll(/ or /gi, ' and ')),
    reds: ['filter/logic', 'filter/grouping', 'filter/precedence'],
    kin: ['list/root', 'filter/escapes'],
  },
  {
    name: 'filter-not-ignored',
    broken: 'not is ignored.',
    fault: filters((text) => text.replaceAll(/\bnot /gi, '')),
    reds: ['filter/logic', 'filter/present', 'filter/precedence'],
    kin: ['filter/escapes'],
  },
  {
    name: 'filter-from-left-to-right',
    broken: 'and binds no tighter than or.',
    fault: filters((text) => {
      const [, one, other, last] = /^(userName eq "[^"]*") or (userName eq "[^"]*") and (.*)$/i.exec(text) ?? [];
      return one ? `(${one} or ${other}) and ${last}` : text;
    }),
    reds: ['filter/precedence'],
  },
  {
    name: 'filter-brackets-ignored',
    broken: 'Round brackets are ignored.',
    fault: filters((text) => (/\\|not \(/.test(text) ? text : text.replaceAll(/[()]/g, ''))),
    reds: ['filter/grouping'],
    kin: ['filter/malformed'],
  },
  {
    name: 'filter-with-case',
    broken: 'Names and operators in another case are not known.',
    fault: refusingFilters(/USERNAME|USERname|Eq |SW /),
    reds: ['filter/name-case', 'dialects/filters'],
  },
  {
    name: 'filter-plus-is-plus',
    broken: 'A plus in a query is a plus.',
    fault: instead(LIST, ({ search }) => (/filter=[^&]*\+/.test(search) ? error(400, 'invalidFilter') : undefined)),
    reds: ['dialects/filters', 'entra/group-create'],
    kin: ['entra/probe', 'entra/match', 'entra/disable', 'entra/group-without-members', 'entra/parameter'],
  },
  {
    name: 'filter-unreadable-is-nobody',
    broken: 'A filter that cannot be read matches nobody.',
    fault: forgiving(/./),
    reds: ['filter/malformed', 'filter/unknown-operator', 'filter/in-brackets', 'filter/booleans', 'filter/binaries'],
    kin: ['cursor/invalid'],
  },
  {
    name: 'filter-unreadable-is-500',
    broken: 'A filter that cannot be read is answered with 500.',
    fault: answers(
      LIST,
      (answer) => Object.assign(answer, error(500)),
      ({ status }) => status === 400,
    ),
    reds: [
      'filter/malformed',
      'filter/unknown-operator',
      'filter/in-brackets',
      'filter/incomparable',
      'cursor/invalid',
      'cursor/invalid-count',
    ],
    kin: ['filter/booleans', 'filter/binaries'],
  },
  {
    name: 'filter-groups-unfiltered',
    broken: 'Groups are not filtered.',
    fault: filters(() => null, /^GET \/Groups$/),
    reds: ['filter/groups', 'entra/group-create', 'okta/group-create'],
    kin: ['common/external-id', 'entra/group-without-members'],
  },
  {
    name: 'filter-without-case',
    broken: 'Everything is compared without case.',
    fault: all(
      sieved((each, asked) => {
        const [, value] = /externalId eq "([^"]*)"/i.exec(filterOf(asked)) ?? [];
        return value === undefined || each.externalId?.toLowerCase() === value.toLowerCase();
      }),
      requests(LIST, ({ query }) => {
        if (/^externalId eq "[^"]*"$/i.test(query.get('filter') ?? '')) query.set('filter', 'externalId pr');
      }),
    ),
    reds: ['filter/case-exact', 'common/external-id'],
  },
  {
    name: 'filter-external-id-refused',
    broken: 'A filter by externalId is refused.',
    fault: refusingFilters(/externalId/i),
    reds: ['entra/match', 'filter/case-exact'],
  },
  {
    name: 'filter-booleans-inverted',
    broken: 'Booleans in filters are texts, of which none is false.',
    fault: filters((text) => text.replace(/active eq (true|false)/i, 'active eq true')),
    reds: ['filter/booleans'],
  },
  {
    name: 'filter-everything-has-an-order',
    broken: 'Booleans and binaries are ordered like texts.',
    fault: forgiving(/(active|x509Certificates\.value) (gt|ge|lt|le) /),
    reds: ['filter/booleans', 'filter/binaries'],
  },
  {
    name: 'filter-times-as-text',
    broken: 'Times are compared as texts.',
    fault: all(
      sieved((each, asked) => {
        const [, op = '', time = ''] = /meta\.created (gt|ge|lt|le) "([^"]*)"/.exec(filterOf(asked)) ?? [];
        return op === '' || (op.startsWith('g') ? each.meta.created > time : each.meta.created < time);
      }),
      filters((text) => text.replace(/ and meta\.created (gt|ge|lt|le) "[^"]*"/, '')),
    ),
    reds: ['filter/times'],
  },
  {
    name: 'filter-escapes-not-understood',
    broken: 'A backslash in a filter is a backslash.',
    fault: filters((text) => text.replaceAll('\\', '\\\\')),
    reds: ['filter/escapes'],
  },
  {
    name: 'filter-split-at-and',
    broken: 'Filters are split where "and" stands, in a text as well.',
    fault: instead(LIST, ({ query, body }) => {
      const texts = filterOf({ query, body }).matchAll(/"(?:[^"\\]|\\.)*"/g);
      return [...texts].some(([each]) => each.includes(' and ')) ? error(400, 'invalidFilter') : undefined;
    }),
    reds: ['filter/escapes'],
    kin: [
      'filter/not-equal',
      'filter/order',
      'filter/logic',
      'filter/precedence',
      'filter/grouping',
      'filter/times',
      'filter/values',
    ],
  },
  {
    name: 'filter-nonsense-is-everybody',
    broken: 'A comparison that makes no sense is left out.',
    fault: filters((text) => (/^userName eq 7|"yesterday"|"ru"|"perhaps"/.test(text) ? null : text)),
    reds: ['filter/incomparable'],
  },
  {
    name: 'filter-by-the-first-value',
    broken: 'Of several values, the first alone is compared.',
    fault: sieved((each, asked) => {
      const [, name = '', value] = / and (\w+)\.value eq "([^"]*)"/.exec(filterOf(asked)) ?? [];
      return name === '' || each[name]?.[0]?.value === value;
    }),
    reds: ['filter/values'],
    kin: ['okta/order'],
  },
  {
    name: 'filter-no-paths',
    broken: 'A part of a complex attribute cannot be filtered by.',
    fault: refusingFilters(/name\.familyName/),
    reds: ['filter/complex'],
  },
  {
    name: 'filter-brackets-of-any-value',
    broken: 'Square brackets ask their expressions of different values.',
    fault: filters((text) =>
      text.replace(/(\w+)\[type eq ("[^"]*") and value eq ("[^"]*")\]/, '$1.type eq $2 and $1.value eq $3'),
    ),
    reds: ['filter/same-value'],
  },
  {
    name: 'filter-square-brackets-refused',
    broken: 'Square brackets are refused.',
    fault: refusingFilters(/\[type eq "/),
    reds: ['entra/match'],
  },
  {
    name: 'filter-defaults-unknown',
    broken: 'A default is shown, and not filtered by.',
    fault: forgivingDefaults(),
    reds: ['filter/defaults'],
    kin: ['filter/booleans'],
  },
  {
    name: 'filter-urns-refused',
    broken: 'An attribute with its URN is refused.',
    fault: refusingFilters(/urn:/i),
    reds: ['filter/urns', 'filter/extension', 'filter/complex'],
  },
  {
    name: 'filter-urns-with-case',
    broken: 'A URN in another case is not known.',
    fault: refusingFilters(new RegExp(USER.toUpperCase())),
    reds: ['filter/urns'],
  },
  {
    name: 'filter-capitals-refused',
    broken: 'A text in capitals is refused.',
    fault: refusingFilters(/"[A-Z]{4}/),
    reds: ['okta/unknown', 'users/user-name', 'filter/case-insensitive'],
    kin: ['entra/match', 'dialects/filters'],
  },
];

function forgivingDefaults() {
  return requests(LIST, ({ query }) => {
    const filter = query.get('filter');
    if (/ and active (eq true|pr)$/.test(filter ?? ''))
      query.set('filter', `${filter?.replace(/ and active (eq true|pr)$/, '')} and active eq false`);
  });
}
