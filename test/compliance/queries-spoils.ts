/** Faults in lists, filters, sorting and the choice of attributes, and the checks and requirements that must see them. */
import { type Any, type Bend, error, filtering, filterOf, isMany, isOne, listed } from './bending.ts';

export const QUERIES: Record<string, Bend> = {
  'list without schemas': {
    sees: ['list/message RFC7644-3.4.2-2'],
    answers: (answer, asked) => {
      if (isMany(asked)) delete answer.body?.schemas;
    },
  },
  'list without total': {
    sees: ['list/message RFC7644-3.4.2-3'],
    answers: (answer, asked) => {
      if (isMany(asked)) delete answer.body?.totalResults;
    },
  },
  'list without resources': {
    sees: ['list/message RFC7644-3.4.2-4'],
    answers: (answer, asked) => {
      if (isMany(asked)) delete answer.body?.Resources;
    },
  },
  'unfiltered 500': {
    sees: ['list/message RFC7644-3.4.2.1-2'],
    asks: (asked) => (isMany(asked) && asked.method === 'GET' && !asked.query.size ? error(500) : undefined),
  },
  'no match 404': {
    sees: ['list/no-match RFC7644-3.4.2-7'],
    answers: (answer) => {
      if (answer.body?.totalResults === 0) Object.assign(answer, error(404));
    },
  },
  'count ignored': {
    sees: ['list/count RFC7644-3.4.2.4-2', 'list/zero-count RFC7644-3.4.2.4-4'],
    asks: (asked) => {
      asked.query.delete('count');
    },
  },
  'total capped': {
    sees: ['list/beyond RFC7644-3.4.2.4-6', 'list/total RFC7644-3.4.2.4-6', 'list/zero-count RFC7644-3.4.2.4-4'],
    answers: (answer) => {
      if (answer.body?.Resources) answer.body.totalResults = answer.body.Resources.length;
    },
  },
  'startIndex ignored': {
    sees: ['list/beyond RFC7644-3.4.2.4-6', 'list/pages RFC7644-3.4.2.4-8', 'list/total RFC7644-3.4.2.4-7'],
    asks: (asked) => {
      asked.query.delete('startIndex');
    },
  },
  'startIndex from 0': {
    sees: ['list/low-index RFC7644-3.4.2.4-1', 'list/pages RFC7644-3.4.2.4-8'],
    asks: (asked) => {
      const i = asked.query.get('startIndex');
      if (i && Number(i) >= 0) asked.query.set('startIndex', String(Number(i) + 1));
    },
  },
  'low index refused': {
    sees: ['list/low-index RFC7644-3.4.2.4-1'],
    asks: (asked) => (Number(asked.query.get('startIndex') ?? 1) < 1 ? error(400, 'invalidValue') : undefined),
  },
  'negative count refused': {
    sees: ['list/zero-count RFC7644-3.4.2.4-3'],
    asks: (asked) => (Number(asked.query.get('count') ?? 1) < 0 ? error(400, 'invalidValue') : undefined),
  },
  'zero count is all': {
    sees: ['list/zero-count RFC7644-3.4.2.4-4'],
    asks: (asked) => {
      if (asked.query.get('count') === '0') asked.query.delete('count');
    },
  },
  'no paging members': {
    sees: ['list/total RFC7644-3.4.2-5', 'list/total RFC7644-3.4.2-6'],
    answers: (answer) => {
      delete answer.body?.startIndex;
      delete answer.body?.itemsPerPage;
    },
  },
  'itemsPerPage is count': {
    sees: ['list/total RFC7644-3.4.2.4-5'],
    answers: (answer, asked) => {
      if (answer.body?.Resources) answer.body.itemsPerPage = Number(asked.query.get('count') ?? 100);
    },
  },
  'pages overlap': {
    sees: ['list/pages RFC7644-3.4.2.4-8'],
    asks: (asked) => {
      const i = Number(asked.query.get('startIndex') ?? 1);
      if (i > 1) asked.query.set('startIndex', String(i - 1));
    },
  },
  'unknown parameter refused': {
    sees: ['list/unknown-parameter RFC7644-3.4.2-1'],
    asks: (asked) => (asked.query.has('linkspanCompliance') ? error(400) : undefined),
  },
  'root only users': {
    sees: ['list/root RFC7644-3.4.2.1-1'],
    asks: (asked) => {
      if (asked.path === '/') asked.path = '/Users';
    },
  },
  'root unfiltered': {
    sees: ['list/root RFC7644-3.4.2.1-3', 'list/root RFC7644-3.4.2.1-4'],
    asks: (asked) => {
      if (asked.path !== '/') return;
      asked.query.delete('filter');
      asked.query.set('count', '500');
    },
  },
  'filter ignored': {
    sees: [
      'filter/binaries RFC7644-3.4.2.2-16',
      'filter/binaries RFC7644-3.4.2.2-17',
      'filter/booleans RFC7644-3.4.2.2-17',
      'filter/booleans RFC7644-3.4.2.2-25',
      'filter/case-exact RFC7643-7-12',
      'filter/case-exact RFC7644-3.4.2.2-32',
      'filter/case-insensitive RFC7644-3.4.2.2-31',
      'filter/complex RFC7644-3.4.2.2-28',
      'filter/equal RFC7644-3.4.2.2-1',
      'filter/escapes RFC7644-3.4.2.2-25',
      'filter/extension RFC7644-3.10-1',
      'filter/grouping RFC7644-3.4.2.2-21',
      'filter/groups RFC7644-3.4.2.2-1',
      'filter/in-brackets RFC7644-3.4.2.2-23',
      'filter/incomparable RFC7644-3.12-18',
      'filter/logic RFC7644-3.4.2.2-18',
      'filter/malformed RFC7644-3.4.2.2-24',
      'filter/malformed RFC7644-3.4.2.2-4',
      'filter/not-equal RFC7644-3.4.2.2-6',
      'filter/order RFC7644-3.4.2.2-11',
      'filter/parts RFC7644-3.4.2.2-7',
      'filter/precedence RFC7644-3.4.2.2-26',
      'filter/prepared-names RFC7644-7.8-1',
      'filter/present RFC7644-3.4.2.2-10',
      'filter/same-value RFC7644-3.4.2.2-22',
      'filter/unknown-operator RFC7644-3.4.2.2-30',
      'filter/urns RFC7644-3.10-1',
      'filter/values RFC7644-3.4.2.2-27',
      'search/filter RFC7644-3.4.3-5',
    ],
    asks: (asked) => {
      asked.query.delete('filter');
      if (asked.sent?.filter) delete asked.sent.filter;
    },
  },
  'comparisons declined': {
    sees: [
      'filter/equal RFC7644-3.4.2.2-33',
      'filter/parts RFC7644-3.4.2.2-33',
      'filter/logic RFC7644-3.4.2.2-33',
      'filter/precedence RFC7644-3.4.2.2-33',
      'filter/grouping RFC7644-3.4.2.2-33',
      'filter/case-exact RFC7644-3.4.2.2-33',
      'filter/times RFC7644-3.4.2.2-33',
      'filter/escapes RFC7644-3.4.2.2-33',
      'filter/values RFC7644-3.4.2.2-33',
      'filter/complex RFC7644-3.4.2.2-33',
      'filter/defaults RFC7644-3.4.2.2-33',
      'filter/extension RFC7644-3.4.2.2-33',
    ],
    asks: (asked) => (asked.query.has('filter') ? error(400, 'invalidFilter') : undefined),
  },
  'some comparisons declined': {
    sees: [
      'filter/not-equal RFC7644-3.4.2.2-33',
      'filter/present RFC7644-3.4.2.2-33',
      'filter/order RFC7644-3.4.2.2-33',
      'filter/booleans RFC7644-3.4.2.2-33',
    ],
    asks: (asked) => (/ (ne|gt|pr)\b|active eq/.test(filterOf(asked)) ? error(400) : undefined),
  },
  'eq is co': { sees: ['filter/equal RFC7644-3.4.2.2-5'], asks: filtering(/\beq\b/, 'co') },
  'ne is eq': { sees: ['filter/not-equal RFC7644-3.4.2.2-6'], asks: filtering(/\bne\b/, 'eq') },
  'co is eq': { sees: ['filter/parts RFC7644-3.4.2.2-7'], asks: filtering(/\bco\b/, 'eq') },
  'sw is co': { sees: ['filter/parts RFC7644-3.4.2.2-8'], asks: filtering(/\bsw\b/, 'co') },
  'ew is co': { sees: ['filter/parts RFC7644-3.4.2.2-9'], asks: filtering(/\bew\b/, 'co') },
  'pr always': { sees: ['filter/present RFC7644-3.4.2.2-10'], asks: filtering(/(nickName|title) pr/, 'userName pr') },
  'gt is ge': { sees: ['filter/order RFC7644-3.4.2.2-11'], asks: filtering(/\bgt\b/, 'ge') },
  'ge is gt': { sees: ['filter/order RFC7644-3.4.2.2-12'], asks: filtering(/\bge\b/, 'gt') },
  'lt is le': { sees: ['filter/order RFC7644-3.4.2.2-13'], asks: filtering(/\blt\b/, 'le') },
  'le is lt': { sees: ['filter/order RFC7644-3.4.2.2-14'], asks: filtering(/\ble\b/, 'lt') },
  'and is or': {
    sees: ['filter/logic RFC7644-3.4.2.2-18', 'filter/not-equal RFC7644-3.4.2.2-6'],
    asks: filtering(/ and /g, ' or '),
  },
  'or is and': { sees: ['filter/logic RFC7644-3.4.2.2-19'], asks: filtering(/ or /g, ' and ') },
  'not is dropped': {
    sees: ['filter/logic RFC7644-3.4.2.2-20', 'filter/present RFC7644-3.4.2.2-10'],
    asks: filtering(/not \(/g, '('),
  },
  'left to right': {
    sees: ['filter/precedence RFC7644-3.4.2.2-26'],
    asks: filtering(/^(userName eq "[^"]*") or (userName eq "[^"]*") and (userName eq "[^"]*")$/, '($1 or $2) and $3'),
  },
  'or before and': {
    sees: ['filter/precedence RFC7644-3.4.2.2-26'],
    asks: filtering(/^(userName eq "[^"]*") and (userName eq "[^"]*") or (userName eq "[^"]*")$/, '$1 and ($2 or $3)'),
  },
  'not over all': {
    sees: ['filter/precedence RFC7644-3.4.2.2-26'],
    asks: filtering(/^not \((userName eq "[^"]*")\) and (.*)$/, 'not ($1 and $2)'),
  },
  'brackets dropped': { sees: ['filter/grouping RFC7644-3.4.2.2-21'], asks: filtering(/^\((.*)\) and /, '$1 and ') },
  'names with case': {
    sees: ['filter/name-case RFC7644-3.4.2.2-2'],
    asks: (asked) => (/^(USERNAME|USERnAME)/.test(filterOf(asked)) ? error(400, 'invalidFilter') : undefined),
  },
  'operators with case': {
    sees: ['filter/name-case RFC7644-3.4.2.2-3'],
    asks: (asked) => (/(Eq|EQ) /.test(filterOf(asked)) ? error(400, 'invalidFilter') : undefined),
  },
  'malformed is empty': {
    sees: [
      'filter/binaries RFC7644-3.4.2.2-16',
      'filter/booleans RFC7644-3.4.2.2-16',
      'filter/in-brackets RFC7644-3.4.2.2-23',
      'filter/malformed RFC7644-3.4.2.2-4',
      'filter/unknown-operator RFC7644-3.4.2.2-30',
    ],
    answers: (answer, asked) => {
      if (asked.query.has('filter') && answer.status === 400) {
        answer.status = 200;
        answer.body = {
          schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
          totalResults: 0,
          Resources: [],
        };
      }
    },
  },
  'malformed without type': {
    sees: [
      'filter/booleans RFC7644-3.4.2.2-16',
      'filter/in-brackets RFC7644-3.12-19',
      'filter/malformed RFC7644-3.12-19',
      'filter/unknown-operator RFC7644-3.4.2.2-30',
      'search/filter RFC7644-3.4.3-5',
    ],
    answers: (answer) => {
      if (answer.status === 400) delete answer.body.scimType;
    },
  },
  'no explanation': {
    sees: ['filter/unknown-operator RFC7644-3.4.2.2-30'],
    answers: (answer) => {
      if (answer.status === 400) delete answer.body.detail;
    },
  },
  'malformed is 500': {
    sees: ['filter/incomparable RFC7644-3.12-18', 'filter/malformed RFC7644-3.4.2.2-4'],
    answers: (answer, asked) => {
      if (asked.query.has('filter') && answer.status === 400) answer.status = 500;
    },
  },
  'values with case': {
    sees: ['filter/case-insensitive RFC7644-3.4.2.2-31'],
    asks: (asked) => {
      const v = filterOf(asked);
      if (/"[A-Z]{3}/.test(v)) asked.query.set('filter', 'userName eq "x"');
    },
  },
  'externalId without case': {
    sees: ['filter/case-exact RFC7644-3.4.2.2-32'],
    asks: (asked) => {
      const v = filterOf(asked);
      if (v.startsWith('externalId')) asked.query.set('filter', v.slice(0, 14) + v.slice(14).toLowerCase());
    },
  },
  'only first value': {
    sees: ['filter/values RFC7644-3.4.2.2-27'],
    asks: (asked) => {
      const v = filterOf(asked);
      if (!v.includes('emails.value')) return;
      asked.memory.count = (asked.memory.count ?? 0) + 1;
      if (asked.memory.count === 2) asked.query.set('filter', 'userName eq "x"');
    },
  },
  'parts unknown': {
    sees: ['filter/complex RFC7644-3.4.2.2-28'],
    asks: filtering(/^name.familyName/, 'name.givenName'),
  },
  'any value in brackets': {
    sees: ['filter/same-value RFC7644-3.4.2.2-22'],
    asks: filtering(/emails\[type (.*?) and value (.*?)\]/, '(emails.type $1 and emails.value $2)'),
  },
  'booleans are texts': {
    sees: ['filter/booleans RFC7644-3.4.2.2-25'],
    asks: filtering(/active eq (true|false)/, 'active eq true'),
  },
  'times are texts': { sees: ['filter/times RFC7644-3.4.2.2-15'], asks: filtering(/T([\d:.]+)[+-]\d\d:00"/, 'T$1Z"') },
  'times not compared': {
    sees: ['filter/times RFC7644-3.4.2.2-15'],
    asks: filtering(/meta.created gt/, 'meta.created lt'),
  },
  'escapes kept': { sees: ['filter/escapes RFC7644-3.4.2.2-25'], asks: filtering(/\\/g, '\\\\') },
  'splits on and': {
    sees: ['filter/escapes RFC7644-3.4.2.2-25'],
    asks: (asked) => (/this and that/.test(filterOf(asked)) ? error(400) : undefined),
  },
  'defaults absent': {
    sees: ['filter/defaults RFC7644-3.4.2.2-29'],
    asks: (asked) => {
      if (/userName eq .* and (active|\w+) (eq true|pr)$/.test(filterOf(asked)))
        asked.query.set('filter', 'userName eq "x"');
    },
  },
  'urns unknown': {
    sees: ['filter/complex RFC7644-3.10-3', 'filter/extension RFC7644-3.10-1', 'filter/urns RFC7644-3.10-1'],
    asks: filtering(/^urn:.*/i, 'userName eq "x"'),
  },
  'urns with case': {
    sees: ['filter/urns RFC7644-3.10-4'],
    asks: (asked) => (/^URN:/.test(filterOf(asked)) ? error(400, 'invalidFilter') : undefined),
  },
  'no preparation': {
    sees: ['filter/prepared-names RFC7644-7.8-1'],
    asks: (asked) => {
      const v = filterOf(asked);
      if (v !== v.normalize('NFC')) asked.query.set('filter', 'userName eq "x"');
    },
  },
  'sort ignored': {
    sees: [
      'search/sort RFC7644-3.4.3-6',
      'sort/complex RFC7644-3.4.2.3-7',
      'sort/missing RFC7644-3.4.2.3-4',
      'sort/order RFC7644-3.4.2.3-1',
      'sort/pages RFC7644-3.4.2.3-1',
      'sort/values RFC7644-3.4.2.3-2',
    ],
    asks: (asked) => {
      asked.query.delete('sortBy');
      if (asked.sent?.sortBy) delete asked.sent.sortBy;
    },
  },
  'descending ignored': {
    sees: [
      'search/sort RFC7644-3.4.3-6',
      'sort/missing RFC7644-3.4.2.3-4',
      'sort/order RFC7644-3.4.2.3-5',
      'sort/pages RFC7644-3.4.2.3-1',
    ],
    asks: (asked) => {
      asked.query.delete('sortOrder');
      if (asked.sent?.sortOrder) delete asked.sent.sortOrder;
    },
  },
  'default is descending': {
    sees: ['sort/complex RFC7644-3.4.2.3-3', 'sort/order RFC7644-3.4.2.3-6', 'sort/values RFC7644-3.4.2.3-2'],
    asks: (asked) => {
      if (asked.query.has('sortBy') && !asked.query.has('sortOrder')) asked.query.set('sortOrder', 'descending');
    },
  },
  'sort with case': {
    sees: ['sort/complex RFC7644-3.4.2.3-7'],
    answers: (answer, asked) => {
      if (asked.query.get('sortBy') === 'name.familyName')
        answer.body.Resources.sort((a: Any, b: Any) => (a.name.familyName < b.name.familyName ? -1 : 1));
    },
  },
  'missing first': {
    sees: ['sort/missing RFC7644-3.4.2.3-4'],
    answers: (answer, asked) => {
      if (/nickName/.test(asked.query.get('sortBy') ?? ''))
        answer.body.Resources.sort((a: Any, b: Any) => ((a.nickName ?? '') < (b.nickName ?? '') ? -1 : 1));
    },
  },
  'sort refused': {
    sees: ['sort/complex RFC7644-3.4.2.3-3', 'sort/order RFC7644-3.4.2.3-1'],
    asks: (asked) => (asked.query.has('sortBy') ? error(400) : undefined),
  },
  'attributes ignored': {
    sees: [
      'projection/attributes RFC7644-3.9-1',
      'projection/lists RFC7644-3.4.2.5-1',
      'projection/parts RFC7644-3.9-5',
      'projection/values RFC7644-3.9-5',
      'projection/writes RFC7644-3.9-4',
      'search/attributes RFC7644-3.4.3-3',
    ],
    asks: (asked) => {
      asked.query.delete('attributes');
      if (asked.sent?.attributes) delete asked.sent.attributes;
    },
  },
  'attributes refused': {
    sees: [
      'projection/attributes RFC7643-7-19',
      'projection/attributes RFC7644-3.9-1',
      'projection/lists RFC7644-3.4.2.5-1',
      'projection/parts RFC7644-3.9-5',
    ],
    asks: (asked) => (asked.query.has('attributes') ? error(400) : undefined),
  },
  'excluded ignored': {
    sees: [
      'projection/excluded RFC7644-3.9-2',
      'projection/lists RFC7644-3.4.2.5-2',
      'search/attributes RFC7644-3.4.3-4',
    ],
    asks: (asked) => {
      asked.query.delete('excludedAttributes');
      if (asked.sent?.excludedAttributes) delete asked.sent.excludedAttributes;
    },
  },
  'excluded takes id': {
    sees: [
      'projection/excluded RFC7643-7-19',
      'projection/excluded RFC7644-3.9-3',
      'projection/lists RFC7644-3.4.2.5-3',
      'search/attributes RFC7644-3.4.3-4',
    ],
    answers: (answer, asked) => {
      const x = asked.query.get('excludedAttributes') ?? asked.sent?.excludedAttributes?.join() ?? '';
      if (/\bid\b/.test(x)) {
        delete answer.body.id;
        for (const e of listed(answer)) delete e.id;
      }
    },
  },
  'excluded takes more': {
    sees: ['projection/excluded RFC7644-3.9-2'],
    answers: (answer, asked) => {
      if (asked.query.has('excludedAttributes')) delete answer.body.emails;
    },
  },
  'attributes take id': {
    sees: [
      'projection/attributes RFC7644-3.9-1',
      'projection/lists RFC7644-3.4.2.5-1',
      'search/attributes RFC7644-3.4.3-3',
    ],
    answers: (answer, asked) => {
      if (asked.query.has('attributes') || asked.sent?.attributes) {
        delete answer.body.id;
        for (const e of listed(answer)) delete e.id;
      }
    },
  },
  'attributes with case': {
    sees: ['projection/attributes RFC7644-3.10-5', 'projection/excluded RFC7644-3.10-5'],
    asks: (asked) => {
      for (const k of ['attributes', 'excludedAttributes']) {
        const v = asked.query.get(k);
        if (v && /^[A-Z]+$/.test(v)) asked.query.set(k, 'nothing');
      }
    },
  },
  'whole for a part': {
    sees: ['projection/parts RFC7644-3.9-5', 'projection/values RFC7644-3.9-5'],
    asks: (asked) => {
      const v = asked.query.get('attributes');
      if (v?.includes('.value')) asked.query.set('attributes', 'phoneNumbers');
      else if (v?.includes('.') && !v.includes('urn')) asked.query.set('attributes', v.split('.')[0] ?? '');
    },
  },
  'hidden by default': {
    sees: ['projection/default RFC7644-3.4-1'],
    answers: (answer, asked) => {
      if (asked.method === 'GET' && isOne(asked) && asked.query.size === 0 && asked.memory.once++)
        delete answer.body.nickName;
      asked.memory.once ??= 0;
      if (asked.method === 'POST') asked.memory.once = 0;
    },
  },
  'password shown': {
    sees: [
      'password/hidden RFC7643-4.1.1-13',
      'password/hidden RFC7643-4.1.1-8',
      'projection/default RFC7644-3.4-1',
      'projection/never RFC7643-7-20',
      'projection/never RFC7644-3.9-6',
    ],
    answers: (answer, asked) => {
      if (isOne(asked) && answer.body?.userName) answer.body.password = 'Lk7!x';
    },
  },
  'urn attributes unknown': {
    sees: ['projection/urns RFC7644-3.10-1'],
    asks: (asked) => {
      if (/urn:/.test(asked.query.get('attributes') ?? '')) asked.query.set('attributes', 'nothing');
    },
  },
  'search not there': {
    sees: ['search/query RFC7644-3.4.3-1'],
    asks: (asked) => (asked.path.endsWith('/.search') ? error(404) : undefined),
  },
  'search answers 201': {
    sees: ['search/query RFC7644-3.4.3-1'],
    answers: (answer, asked) => {
      if (asked.path.endsWith('/.search')) answer.status = 201;
    },
  },
  'search without schemas': {
    sees: ['search/query RFC7644-3.4.3-8'],
    answers: (answer, asked) => {
      if (asked.path.endsWith('/.search')) delete answer.body.schemas;
    },
  },
  'search count ignored': {
    sees: ['search/pages RFC7644-3.4.3-7'],
    asks: (asked) => {
      if (asked.sent?.count) delete asked.sent.count;
    },
  },
  'search index ignored': {
    sees: ['search/pages RFC7644-3.4.3-7'],
    asks: (asked) => {
      if (asked.sent?.startIndex) delete asked.sent.startIndex;
    },
  },
  'request shown always': {
    sees: ['projection/default RFC7643-7-21', 'projection/default RFC7644-3.4-1', 'projection/request RFC7643-7-21'],
    answers: (answer, asked) => {
      for (const sc of listed(answer))
        if (sc.id?.endsWith('core:2.0:User'))
          for (const a of sc.attributes ?? []) if (a.name === 'userType') a.returned = 'request';
      if (isOne(asked) && answer.body?.userName) answer.body.userType ??= 'x';
    },
  },
  'groups not found': {
    sees: ['filter/groups RFC7644-3.4.2.2-5'],
    asks: (asked) => {
      if (asked.path === '/Groups' && asked.query.has('filter')) asked.query.set('filter', 'displayName eq "x"');
    },
  },
  'request not shown': {
    sees: ['projection/request RFC7644-3.9-1'],
    answers: (answer, asked) => {
      for (const sc of listed(answer))
        if (sc.id?.endsWith('core:2.0:User'))
          for (const a of sc.attributes ?? []) if (a.name === 'userType') a.returned = 'request';
      if (isOne(asked)) delete answer.body?.userType;
    },
  },
  'search lacks filter': {
    sees: ['search/filter RFC7644-3.4.3-5'],
    asks: (asked) => {
      if (asked.sent?.filter) delete asked.sent.filter;
    },
  },
};
