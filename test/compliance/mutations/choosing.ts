/** attributes, excludedAttributes, and passwords. */
import type { Any } from './broken-server.ts';
import { all, answers, type Mutation, remembering, requests, shown, succeeded } from './mutation.ts';

const ASKED = /^\S+ \/(Users|Groups|\.search)/;
const attributes = (change: (names: string[]) => string[]) =>
  requests(ASKED, ({ query }) => {
    const given = query.get('attributes');
    if (given === null) return;
    const names = change(given.split(','));
    if (names.length > 0) query.set('attributes', names.join(','));
    else query.set('attributes', 'id');
  });

/** Passwords come back in this form. */
const leaking = (form: (password: string) => string, isTold: (query: URLSearchParams) => boolean = () => true) =>
  remembering(() => {
    const passwords = new Map<string, string>();
    return async (asked, good) => {
      const answer = await good(asked);
      const body = answer.body;
      const changed = asked.body?.Operations?.find?.((each: Any) => each.path === 'password')?.value;
      const password = asked.body?.password ?? changed;
      if (typeof password === 'string' && succeeded(answer) && body?.id) passwords.set(body.id, password);
      for (const each of body?.Resources ?? [body]) {
        const known = passwords.get(each?.id);
        if (known !== undefined && isTold(asked.query)) each.password = form(known);
      }
      if (asked.path === '/ServiceProviderConfig' && body?.changePassword) body.changePassword.supported = true;
      return answer;
    };
  });

export const mutations: readonly Mutation[] = [
  {
    name: 'attributes-ignored',
    broken: 'The parameter attributes is ignored.',
    fault: requests(ASKED, ({ query, body }) => {
      query.delete('attributes');
      if (body?.attributes) delete body.attributes;
    }),
    reds: [
      'projection/attributes',
      'projection/parts',
      'projection/values',
      'projection/lists',
      'projection/writes',
      'search/attributes',
    ],
  },
  {
    name: 'attributes-ignored-in-writes',
    broken: 'The parameter attributes is ignored in POST, PUT and PATCH.',
    fault: requests(/^(POST|PUT|PATCH) \/(Users|Groups)(\/[^.]|$)/, ({ query }) => query.delete('attributes')),
    reds: ['projection/writes'],
  },
  {
    name: 'attributes-in-lists-ignored',
    broken: 'Lists show whole resources.',
    fault: requests(/^GET \/(Users|Groups)$/, ({ query }) => {
      query.delete('attributes');
      query.delete('excludedAttributes');
    }),
    reds: ['projection/lists', 'entra/group-without-members'],
  },
  {
    name: 'excluded-ignored',
    broken: 'The parameter excludedAttributes is ignored.',
    fault: requests(ASKED, ({ query, body }) => {
      query.delete('excludedAttributes');
      if (body) delete body.excludedAttributes;
    }),
    reds: ['projection/excluded', 'projection/lists', 'search/attributes', 'entra/group-without-members'],
  },
  {
    name: 'excluded-id',
    broken: 'The id can be excluded.',
    fault: answers(ASKED, ({ body }, asked) => {
      const names = String(asked.query.get('excludedAttributes') ?? asked.body?.excludedAttributes ?? '');
      if (/\bid\b/.test(names)) for (const each of body?.Resources ?? [body]) delete each.id;
    }),
    reds: ['common/id', 'search/attributes', 'projection/excluded'],
    kin: ['projection/lists'],
  },
  {
    name: 'asked-for-alone',
    broken: 'What is asked for is shown alone, without the id.',
    fault: answers(ASKED, ({ body }, asked) => {
      const names = String(asked.query.get('attributes') ?? '');
      if (names !== '' && !/\bid\b/.test(names)) for (const each of body?.Resources ?? [body]) delete each.id;
    }),
    reds: [
      'common/id',
      'schemas/returned',
      'projection/attributes',
      'projection/lists',
      'projection/writes',
      'patch/attributes',
    ],
    kin: ['projection/urns'],
  },
  {
    name: 'attributes-with-case',
    broken: 'Attributes that are asked for in another case are not shown.',
    fault: attributes((names) => names.filter((each) => each !== 'USERNAME')),
    reds: ['projection/attributes'],
  },
  {
    name: 'attributes-whole',
    broken: 'Who asks for a part gets the whole attribute.',
    fault: attributes((names) => names.map((each) => (each.startsWith('urn:') ? each : each.replace(/\..*/, '')))),
    reds: ['projection/parts', 'projection/values'],
  },
  {
    name: 'attributes-first-value',
    broken: 'A part of a multi-valued attribute is shown for the first value alone, with nothing but the first.',
    fault: answers(ASKED, ({ body }, { query }) => {
      if (query.get('attributes') === 'emails.value' && body.emails) body.emails = body.emails[0].value;
    }),
    reds: ['projection/values'],
  },
  {
    name: 'attributes-by-urn-unknown',
    broken: 'Attributes with their URN are not shown.',
    fault: attributes((names) => names.filter((each) => !each.startsWith('urn:'))),
    reds: ['projection/urns'],
  },
  {
    name: 'default-on-request',
    broken: 'Plain attributes are shown on request only.',
    fault: shown((user, { query }) => {
      if (!query.has('attributes'))
        for (const name of ['nickName', 'title', 'displayName', 'userType']) delete user[name];
    }, /^GET \/Users/),
    reds: ['read/by-default'],
    kin: [
      'read/as-answered',
      'replace/answer',
      'patch/answer',
      'entra/update',
      'entra/flag',
      'okta/update',
      'dialects/op',
      'dialects/without-path',
    ],
  },
  {
    name: 'titles-never-on-request',
    broken: 'The title is returned on request by its schema, and never shown.',
    fault: all(
      answers(/^GET \/Schemas/, ({ body }) => {
        for (const schema of body.Resources ?? [body])
          for (const each of schema.attributes ?? []) if (each.name === 'title') each.returned = 'request';
      }),
      shown((user) => delete user.title),
    ),
    reds: ['projection/request'],
  },
  {
    name: 'passwords-in-clear',
    broken: 'Passwords are shown as they were sent.',
    fault: leaking((password) => password),
    reds: ['users/password-returned', 'password/hidden', 'password/change', 'projection/never', 'projection/default'],
  },
  {
    name: 'passwords-hashed',
    broken: 'The hash of a password is shown to who asks for it.',
    fault: leaking(
      () => '{SSHA}AAAA',
      (query) => query.get('attributes')?.includes('password') ?? false,
    ),
    reds: ['users/password-returned', 'password/hidden', 'projection/never'],
  },
  {
    name: 'passwords-as-nicknames',
    broken: 'A password that is set first is shown as the nickname.',
    fault: remembering(() => async (asked, good) => {
      const answer = await good(asked);
      if (asked.method === 'POST' && asked.body?.password && answer.body?.id)
        answer.body.nickName = asked.body.password;
      return answer;
    }),
    reds: ['users/password-returned', 'password/hidden'],
  },
];
