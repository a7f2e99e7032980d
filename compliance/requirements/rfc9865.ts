/** RFC 9865, cursor-based pagination: what it asks of a server. Lines are those of the text form. */
import type { Requirement } from '../model.ts';
import { CLIENT, citing } from './cite.ts';

const { must, should } = citing(9865);

const SECOND = 'It would take a second identity with other rights.';

export const rfc9865: readonly Requirement[] = [
  must('2-1', '133-136', 'cursor', 'A query whose `cursor` is empty is answered with the first page.'),
  must('2-2', '136-138', 'cursor', 'Cursors consist of letters, digits, `-`, `.`, `_` and `~`.', {
    remedy: 'Encode cursors as base64url without padding.',
  }),
  must('2-3', '141-142', 'cursor', 'A negative `count` is taken for 0.'),
  must('2-4', '142-144', 'cursor', 'With `count` 0 no resources are returned.'),
  must('2-5', '144-146', 'cursor', 'A page has no more resources than `count` says.'),
  must('2-6', '159-163', 'cursor', 'Every page but the last has a `nextCursor`, and it leads to the next page.'),
  must('2-7', '163-165', 'cursor', 'Only where no more pages follow there is no `nextCursor`.'),
  must('2-8', '167-171', 'cursor', 'The first page has no `previousCursor`.'),
  must(
    '2-9',
    '177-181',
    'cursor',
    'A walk through pages repeats the query with nothing changed but the cursor.',
    CLIENT,
  ),
  should('2-10', '237-241', 'cursor', '`totalResults`, where it is there, is the number of resources on all pages.'),
  should(
    '2.1-1',
    '245-249',
    'cursor',
    'A cursor that the server did not give out is refused with 400 and a SCIM error.',
  ),
  should('2.1-2', '256-264', 'cursor', 'The error for such a cursor has the scimType `invalidCursor`.'),
  should('2.1-3', '265-269', 'cursor', 'The error for an old cursor has the scimType `expiredCursor`.', {
    unseen: 'The shortest advertised life of a cursor is longer than a run.',
  }),
  should(
    '2.1-4',
    '270-275',
    'cursor',
    'A `count` that is no number is refused with 400; the error has the scimType `invalidCount`.',
  ),
  should('2.2-1', '281-282', 'cursor', 'Where the server sorts, it sorts pages that are read by cursor as well.'),
  must(
    '2.4-1',
    '317-320',
    'cursor',
    'A query that names neither `startIndex` nor `cursor` is answered by a default way of paging.',
  ),
  should('2.4-2', '322-326', 'cursor', 'A server that was paged by index before goes on to do so by default.', {
    unseen: 'What a server did before cannot be seen.',
  }),
  must('3-1', '334-338', 'cursor', 'POST /.search takes `cursor` and `count` in its body.'),
  should('4-1', '373-380', 'cursor', 'A server with cursors says so in the `pagination` of its configuration.'),
  must('4-2', '384-385', 'cursor', '`pagination.cursor` says whether there are cursors, as a boolean.'),
  must('4-3', '387-388', 'cursor', '`pagination.index` says whether there is paging by index, as a boolean.'),
  must('4-4', '390-393', 'cursor', '`pagination.defaultPaginationMethod` is cursor or index, where it is there.'),
  must(
    '4-5',
    '395-409',
    'cursor',
    '`defaultPageSize`, `maxPageSize` and `cursorTimeout` are positive integers, where they are there.',
  ),
  must('4-6', '399-402', 'cursor', 'No page has more resources than `maxPageSize`.'),
  must('5.2-1', '494-498', 'cursor', 'Pages show only what who asks may see, whoever was given the cursor.', {
    unseen: SECOND,
  }),
  must('5.2-2', '500-503', 'cursor', 'Rights are examined on every page anew.', { unseen: SECOND }),
  should('5.2-3', '505-512', 'cursor', 'When rights change, cursors become invalid.', { unseen: SECOND }),
  should('5.2-4', '516-519', 'cursor', 'A cursor that was altered is noticed and refused with `invalidCursor`.'),
  must('5.2-5', '521-526', 'cursor', 'Errors do not give away what the answer would have shown.', {
    unseen: SECOND,
  }),
  should(
    '5.3-1',
    '541-561',
    'cursor',
    'Cursors are limited in number and rate, so that they do not exhaust the server.',
    {
      unseen: 'A guest does not exhaust a server.',
    },
  ),
];
