/** Faults in PUT and PATCH, and the checks and requirements that must see them. */
import { type Any, type Bend, error, isOne, listed, nothing, operations } from './bending.ts';

const TEXT = ['nickName', 'title', 'displayName', 'userType', 'externalId'];

export const OPERATIONS: Record<string, Bend> = {
  'put not supported': {
    sees: ['replace/answer RFC7644-3.5-1'],
    asks: (asked) => (asked.method === 'PUT' ? error(501) : undefined),
  },
  'put answers 204': {
    sees: ['replace/answer RFC7644-3.5.1-9'],
    answers: (answer, asked) => {
      if (asked.method === 'PUT') {
        answer.status = 204;
        answer.body = undefined;
      }
    },
  },
  'put does nothing': {
    sees: [
      'replace/answer RFC7644-3.5.1-2',
      'replace/members RFC7644-3.5.1-2',
      'replace/null RFC7644-3.5.1-4',
      'replace/omitted RFC7644-3.5.1-3',
      'replace/other-id RFC7644-3.5.1-7',
      'replace/values RFC7644-3.5.1-2',
    ],
    asks: (asked) => {
      if (asked.method === 'PUT') nothing(asked);
    },
  },
  'put refuses meta': {
    sees: ['replace/read-only RFC7644-3.5.1-7'],
    asks: (asked) => (asked.method === 'PUT' && asked.sent?.meta ? error(400, 'mutability') : undefined),
  },
  'put takes meta': {
    sees: ['replace/read-only RFC7643-7-15'],
    asks: (asked) => {
      if (asked.method === 'PUT' && asked.sent?.meta) asked.memory.meta = asked.sent.meta;
    },
    answers: (answer, asked) => {
      if (asked.memory.meta && answer.body?.meta) Object.assign(answer.body.meta, asked.memory.meta);
    },
  },
  'put refuses other id': {
    sees: ['replace/other-id RFC7644-3.5.1-7'],
    asks: (asked) => (asked.method === 'PUT' && asked.sent?.id ? error(400) : undefined),
  },
  'put keeps omitted': {
    sees: ['replace/omitted RFC7644-3.5.1-3'],
    asks: async (asked) => {
      if (asked.method === 'PUT') {
        const c = await asked.good('GET', asked.path);
        asked.sent = { ...c, ...asked.sent };
      }
    },
  },
  'put ignores null': {
    sees: ['replace/null RFC7644-3.5.1-4'],
    asks: async (asked) => {
      if (asked.method === 'PUT') {
        const c = await asked.good('GET', asked.path);
        for (const k of Object.keys(asked.sent))
          if (asked.sent[k] === null || asked.sent[k]?.length === 0) asked.sent[k] = c[k];
      }
    },
  },
  'put creates': {
    sees: ['replace/unknown RFC7644-3.5.1-1'],
    answers: (answer, asked) => {
      if (asked.method === 'PUT' && answer.status === 404)
        Object.assign(answer, { status: 201, body: { ...asked.sent, id: 'x' } });
    },
  },
  'put unknown 400': {
    sees: ['replace/unknown RFC7644-3.12-8'],
    answers: (answer, asked) => {
      if (asked.method === 'PUT' && answer.status === 404) Object.assign(answer, error(400));
    },
  },
  'names taken twice': {
    sees: ['patch/taken-name RFC7644-3.12-11', 'replace/taken-name RFC7644-3.12-11'],
    answers: (answer) => {
      if (answer.status === 409) answer.status = 200;
    },
  },
  'answer differs': {
    sees: ['patch/answer RFC7644-3.1-4', 'replace/answer RFC7644-3.1-4'],
    answers: (answer, asked) => {
      if (['PUT', 'PATCH'].includes(asked.method) && answer.body?.userName) answer.body.title = 'from what was sent';
    },
  },
  'patch not there': {
    sees: [
      'patch/add-single RFC7644-3.5.2.1-6',
      'patch/order RFC7644-3.5.2-10',
      'patch/replace-single RFC7644-3.5.2.3-2',
      'patch/supported RFC7644-3.5-2',
    ],
    asks: (asked) => (asked.method === 'PATCH' ? error(501) : undefined),
  },
  'patch answers partly': {
    sees: ['patch/answer RFC7644-3.5.2-14'],
    answers: (answer, asked) => {
      if (asked.method === 'PATCH' && answer.body?.id) {
        answer.body = { id: answer.body.id };
      }
    },
  },
  'patch 204 always': {
    sees: ['patch/attributes RFC7644-3.5.2-15'],
    answers: (answer, asked) => {
      if (asked.method === 'PATCH' && answer.status === 200) {
        answer.status = 204;
        answer.body = undefined;
      }
    },
  },
  'patch errors swallowed': {
    sees: [
      'patch/add-no-value RFC7644-3.5.2.1-1',
      'patch/malformed-path RFC7644-3.5.2-4',
      'patch/no-operations RFC7644-3.5.2-2',
      'patch/read-only RFC7644-3.5.2-5',
      'patch/remove-no-path RFC7644-3.5.2.2-1',
      'patch/remove-required RFC7644-3.5.2.2-8',
      'patch/remove-required RFC7644-3.5.2.2-9',
      'patch/taken-name RFC7644-3.12-11',
      'patch/unknown-operation RFC7644-3.5.2-3',
      'patch/unknown-path RFC7644-3.5.2-16',
      'patch/wrong-type RFC7644-3.5.2-6',
    ],
    answers: (answer, asked) => {
      if (asked.method === 'PATCH' && answer.status >= 400) {
        answer.status = 204;
        answer.body = undefined;
      }
    },
  },
  'patch scimTypes lost': {
    sees: [
      'patch/malformed-path RFC7644-3.12-16',
      'patch/read-only RFC7644-3.12-17',
      'patch/remove-no-path RFC7644-3.5.2.2-2',
      'patch/remove-required RFC7644-3.5.2.2-8',
      'patch/taken-name RFC7644-3.12-11',
      'patch/wrong-type RFC7644-3.12-13',
    ],
    answers: (answer, asked) => {
      if (asked.method === 'PATCH' && answer.status >= 400) delete answer.body.scimType;
    },
  },
  'only first operation': {
    sees: ['patch/members-exchange RFC7644-3.5.2-10', 'patch/order RFC7644-3.5.2-10'],
    asks: (asked) => {
      if (operations(asked).length) asked.sent.Operations = operations(asked).slice(0, 1);
    },
  },
  'operations backwards': {
    sees: ['patch/order RFC7644-3.5.2-10'],
    asks: (asked) => {
      if (operations(asked).length) asked.sent.Operations = operations(asked).reverse();
    },
  },
  'primary stays': {
    sees: ['patch/primary RFC7644-3.5.2-11'],
    answers: (answer, asked) => {
      if (asked.method === 'GET' && answer.body?.emails) {
        const any = answer.body.emails.find((e: Any) => e.primary);
        if (any) answer.body.emails[0].primary = true;
      }
    },
  },
  'not atomic': {
    sees: ['patch/atomic RFC7644-3.5.2-12'],
    asks: async (asked) => {
      if (operations(asked).length > 1)
        await asked.good('PATCH', asked.path, { ...asked.sent, Operations: operations(asked).slice(0, 1) });
    },
  },
  'failed patch without body': {
    sees: ['patch/atomic RFC7644-3.5.2-13'],
    answers: (answer, asked) => {
      if (asked.method === 'PATCH' && answer.status >= 400) answer.body = undefined;
    },
  },
  'urn not into schemas': {
    sees: ['patch/urn RFC7644-3.5.2-8'],
    answers: (answer, asked) => {
      if (answer.body?.schemas && isOne(asked))
        answer.body.schemas = answer.body.schemas.filter((x: string) => !x.includes('extension'));
    },
  },
  'urn path unknown': {
    sees: ['patch/urn RFC7644-3.5.2-8'],
    asks: (asked) =>
      operations(asked).some((o) => o.path?.startsWith('urn:')) ? error(400, 'invalidPath') : undefined,
  },
  'path case': {
    sees: ['patch/path-case RFC7644-3.10-6'],
    asks: (asked) =>
      operations(asked).some((o) => /^[A-Z]/.test(o.path ?? '')) ? error(400, 'invalidPath') : undefined,
  },
  'add replaces': {
    sees: ['patch/add-value RFC7644-3.5.2.1-5', 'patch/members-add RFC7644-3.5.2.1-5'],
    asks: (asked) => {
      for (const o of operations(asked)) if (o.op === 'add') o.op = 'replace';
    },
  },
  'no path does nothing': {
    sees: [
      'patch/add-no-path RFC7644-3.5.2.1-2',
      'patch/add-value RFC7644-3.5.2.1-5',
      'patch/replace-no-path RFC7644-3.5.2.3-1',
    ],
    asks: (asked) => {
      if (operations(asked).some((o) => o.op !== 'remove' && !o.path)) nothing(asked);
    },
  },
  'add does nothing': {
    sees: [
      'patch/add-complex RFC7644-3.5.2.1-4',
      'patch/add-first RFC7644-3.5.2.1-3',
      'patch/add-single RFC7644-3.5.2.1-6',
      'patch/add-value RFC7644-3.5.2.1-5',
      'patch/members-add RFC7644-3.5.2.1-5',
    ],
    asks: (asked) => {
      if (operations(asked).some((o) => o.op === 'add')) nothing(asked);
    },
  },
  'no path wipes others': {
    sees: ['patch/add-no-path RFC7644-3.5.2.1-2', 'patch/replace-no-path RFC7644-3.5.2.3-11'],
    asks: (asked) => {
      if (operations(asked).some((o) => o.op !== 'remove' && !o.path))
        asked.sent.Operations.push(
          ...TEXT.filter((t) => !(t in operations(asked)[0].value)).map((path) => ({ op: 'remove', path })),
        );
    },
  },
  'same add touches': {
    sees: ['patch/add-again RFC7644-3.5.2.1-8'],
    answers: (answer) => {
      if (answer.body?.meta) answer.body.meta.lastModified = new Date().toISOString();
    },
  },
  'same add doubles': {
    sees: ['patch/add-again RFC7644-3.5.2.1-7', 'patch/members-add RFC7644-3.5.2.1-5'],
    answers: (answer, asked) => {
      if (operations(asked)[0]?.op === 'add') asked.memory.doubled = true;
      if (asked.memory.doubled && asked.method === 'GET')
        for (const k of ['emails', 'members'])
          if (answer.body?.[k]) answer.body[k] = [...answer.body[k], answer.body[k][0]];
    },
  },
  'remove empties': {
    sees: [
      'patch/members-exchange RFC7644-3.5.2-10',
      'patch/members-exchange RFC7644-3.5.2.2-11',
      'patch/members-remove-one RFC7644-3.5.2.2-11',
      'patch/members-remove-one RFC7644-3.5.2.2-5',
      'patch/members-remove-stranger RFC7644-3.5.2.2-11',
      'patch/remove-matching RFC7644-3.5.2.2-5',
      'patch/remove-part RFC7644-3.5.2.2-7',
    ],
    asks: (asked) => {
      for (const o of operations(asked)) if (o.op === 'remove' && o.path) o.path = o.path.replace(/\[.*/, '');
    },
  },
  'remove does nothing': {
    sees: [
      'patch/members-remove-all RFC7644-3.5.2.2-4',
      'patch/members-remove-one RFC7644-3.5.2.2-5',
      'patch/remove-all RFC7644-3.5.2.2-4',
      'patch/remove-matching RFC7644-3.5.2.2-5',
      'patch/remove-part RFC7644-3.5.2.2-7',
      'patch/remove-single RFC7644-3.5.2.2-3',
    ],
    asks: (asked) => {
      if (operations(asked)[0]?.op === 'remove') nothing(asked);
    },
  },
  'last value leaves null object': {
    sees: ['patch/remove-all RFC7644-3.5.2.2-6', 'patch/remove-matching RFC7644-3.5.2.2-6'],
    answers: (answer, asked) => {
      if (asked.method === 'GET' && isOne(asked) && !answer.body?.emails) answer.body.emails = 'none';
    },
  },
  'stranger refused': {
    sees: ['patch/members-remove-stranger RFC7644-3.5.2.2-10'],
    asks: async (asked) => {
      const m = /members\[value eq "(.*)"\]/.exec(operations(asked)[0]?.path ?? '');
      if (m && operations(asked)[0].op === 'remove') {
        const g = await asked.good('GET', asked.path);
        if (!JSON.stringify(g.members).includes(m[1] ?? '')) return error(400, 'noTarget');
      }
    },
  },
  'replace does nothing': {
    sees: [
      'patch/members-replace RFC7644-3.5.2.3-3',
      'patch/replace-active RFC7644-3.5.2.3-2',
      'patch/replace-below RFC7644-3.5.2.3-8',
      'patch/replace-complex RFC7644-3.5.2.3-5',
      'patch/replace-matching RFC7644-3.5.2.3-7',
      'patch/replace-missing RFC7644-3.5.2.3-4',
      'patch/replace-no-path RFC7644-3.5.2.3-1',
      'patch/replace-single RFC7644-3.5.2.3-2',
      'patch/replace-values RFC7644-3.5.2.3-3',
    ],
    asks: (asked) => {
      if (operations(asked)[0]?.op === 'replace') nothing(asked);
    },
  },
  'replace adds': {
    sees: ['patch/members-replace RFC7644-3.5.2.3-3', 'patch/replace-values RFC7644-3.5.2.3-3'],
    asks: (asked) => {
      for (const o of operations(asked)) if (o.op === 'replace' && Array.isArray(o.value)) o.op = 'add';
    },
  },
  'replace complex wipes': {
    sees: ['patch/replace-complex RFC7644-3.5.2.3-6'],
    asks: (asked) => {
      for (const o of operations(asked)) if (o.path === 'name') o.value = { ...o.value, familyName: null };
    },
  },
  'value path replaces all': {
    sees: ['patch/replace-below RFC7644-3.5.2.3-8', 'patch/replace-matching RFC7644-3.5.2.3-7'],
    asks: (asked) => {
      for (const o of operations(asked))
        if (o.op === 'replace' && /\[/.test(o.path ?? '')) {
          const sub = o.path.endsWith('.value');
          o.path = 'emails';
          o.value = [sub ? { value: o.value, type: 'home' } : o.value];
        }
    },
  },
  'no match ignored': {
    sees: ['patch/replace-nothing RFC7644-3.5.2.3-10'],
    asks: (asked) => {
      if (/"other"/.test(operations(asked)[0]?.path ?? '')) nothing(asked);
    },
  },
  'rename empties': {
    sees: ['patch/group-rename RFC7644-3.5.2.3-11'],
    asks: (asked) => {
      if (operations(asked)[0]?.path === 'displayName') asked.sent.Operations.push({ op: 'remove', path: 'members' });
    },
  },
  'replace wipes another': {
    sees: ['patch/replace-single RFC7644-3.5.2.3-11'],
    asks: (asked) => {
      for (const t of TEXT.slice(0, 4))
        if (operations(asked)[0]?.path === t)
          asked.sent.Operations.push(
            ...TEXT.slice(0, 4)
              .filter((x) => x !== t)
              .map((path) => ({ op: 'remove', path })),
          );
    },
  },
  'immutable changes': {
    sees: [
      'patch/immutable RFC7643-7-16',
      'patch/immutable RFC7644-3.5.2-5',
      'replace/immutable RFC7643-7-16',
      'replace/immutable RFC7644-3.5.1-5',
    ],
    answers: (answer) => {
      for (const sc of listed(answer))
        if (sc.id?.endsWith('core:2.0:User'))
          for (const a of sc.attributes ?? []) if (a.name === 'nickName') a.mutability = 'immutable';
    },
  },
  'immutable cannot be set': {
    sees: ['patch/immutable RFC7644-3.5.2-7', 'replace/immutable RFC7644-3.5.1-6'],
    asks: (asked) => {
      if (asked.method === 'PUT') delete asked.sent.nickName;
      if (operations(asked)[0]?.path === 'nickName') nothing(asked);
    },
    answers: (answer) => {
      for (const sc of listed(answer))
        if (sc.id?.endsWith('core:2.0:User'))
          for (const a of sc.attributes ?? []) if (a.name === 'nickName') a.mutability = 'immutable';
    },
  },
  'immutable refused oddly': {
    sees: ['patch/immutable RFC7644-3.12-17'],
    asks: (asked) => {
      if (operations(asked)[0]?.op === 'replace' && operations(asked)[0]?.path === 'nickName') return error(400);
    },
    answers: (answer) => {
      for (const sc of listed(answer))
        if (sc.id?.endsWith('core:2.0:User'))
          for (const a of sc.attributes ?? []) if (a.name === 'nickName') a.mutability = 'immutable';
    },
  },
  'put unknown is there': {
    sees: ['replace/unknown RFC7644-3.2-3'],
    asks: (asked) => {
      if (asked.method === 'GET' && asked.memory.p === asked.path) return { status: 200, body: { id: 'x' } };
      if (asked.method === 'PUT') asked.memory.p = asked.path;
    },
  },
  'read-only changes': {
    sees: ['patch/read-only RFC7643-7-15'],
    answers: (answer, asked) => {
      if (operations(asked)[0]?.path === 'meta.created') asked.memory.c = true;
      if (asked.memory.c && answer.body?.meta) answer.body.meta.created = '2001-02-03T04:05:06Z';
    },
  },
  'no target is created': { sees: ['patch/replace-nothing RFC7644-3.5.2.3-9'] },
  'member twice refused': {
    sees: ['patch/members-add RFC7644-3.5.2.1-7'],
    asks: (asked) => {
      if (operations(asked)[0]?.op === 'add' && asked.memory.added++) return error(409);
      asked.memory.added ??= 0;
      if (operations(asked)[0]?.op === 'add') asked.memory.added = 1;
    },
  },
};
