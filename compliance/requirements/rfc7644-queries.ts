/** RFC 7644 sections 3.4, 3.9 and 3.10: reading, lists, filters, sorting, choosing attributes, naming them. */
import type { Requirement } from '../model.ts';
import { CLIENT, citing } from './cite.ts';

const { must, should } = citing(7644);

const lists: readonly Requirement[] = [
  must(
    '3.4-1',
    '722-725',
    'read',
    'Without parameters, an answer holds attributes that are returned always or by default.',
  ),
  must('3.4.1-1', '742-743', 'read', 'A resource that exists is answered with 200 and itself.'),
  should('3.4.2-1', '812-815', 'list', 'Query parameters that are not known are ignored.'),
  must('3.4.2-2', '817-818', 'list', 'A list has the ListResponse URN in `schemas`.'),
  must('3.4.2-3', '821-825', 'list', 'A list has `totalResults`.'),
  must('3.4.2-4', '827-830', 'list', 'A list with results holds them in `Resources`.'),
  must('3.4.2-5', '832-834', 'list', 'A part of the results says in `startIndex` where it begins.'),
  must('3.4.2-6', '836-838', 'list', 'A part of the results says in `itemsPerPage` how many it holds.'),
  must('3.4.2-7', '847-848', 'list', 'A query without a match is answered with 200 and `totalResults` 0.', {
    remedy: 'Answer an empty ListResponse; 404 is for resources, not for queries.',
  }),
  must('3.4.2.1-1', '903-904', 'list', 'A query at the base URL covers all resource types.'),
  must('3.4.2.1-2', '910-914', 'list', 'A query with too many results is refused with 400 "tooMany".'),
  must('3.4.2.1-3', '916-918', 'filter', 'Filters at the base URL work as they do at one resource type.'),
  must(
    '3.4.2.1-4',
    '919-922',
    'filter',
    'An attribute that a resource type does not have counts as one without a value.',
  ),
  must('3.4.2.4-1', '1356-1359', 'list', 'A startIndex below 1 is taken as 1.'),
  must('3.4.2.4-2', '1361-1364', 'list', 'A page holds no more than `count`.'),
  must('3.4.2.4-3', '1365-1367', 'list', 'A negative count is taken as 0.'),
  must('3.4.2.4-4', '1367-1370', 'list', 'With a count of 0, `totalResults` is given and no resource.'),
  must('3.4.2.4-5', '1382-1384', 'list', '`itemsPerPage` is the number of resources in the page.', {
    manner: 'strict',
  }),
  must('3.4.2.4-6', '1386-1387', 'list', '`totalResults` is the number of all matches, whatever the page holds.'),
  must('3.4.2.4-7', '1389-1390', 'list', '`startIndex` in the answer is the place of the first result in the page.'),
  must('3.4.2.4-8', '1430-1432', 'list', 'Pages that follow each other show every result once.'),
  must('3.4.2.4-9', '1332-1336', 'list', 'Clients are prepared for results that change between pages.', CLIENT),
];

const ORDER = 'For strings the order is lexicographical; times and numbers compare by what they mean.';
const filters: readonly Requirement[] = [
  must('3.4.2.2-1', '931-932', 'filter', 'A filtered query gives the resources that match, and no others.'),
  must('3.4.2.2-2', '936-942', 'filter', 'Attribute names in filters are case insensitive.'),
  must('3.4.2.2-3', '936-942', 'filter', 'Operators in filters are case insensitive.'),
  must('3.4.2.2-4', '944-946', 'filter', 'A filter without a complete expression is refused.'),
  must('3.4.2.2-5', '964-965', 'filter', 'eq: both values are identical.'),
  must('3.4.2.2-6', '967-968', 'filter', 'ne: the values are not identical.'),
  must('3.4.2.2-7', '970-972', 'filter', 'co: the value holds the operand.'),
  must('3.4.2.2-8', '974-979', 'filter', 'sw: the value begins with the operand, or is it.'),
  must('3.4.2.2-9', '981-985', 'filter', 'ew: the value ends with the operand, or is it.'),
  must('3.4.2.2-10', '987-990', 'filter', 'pr: the attribute has a value, or a complex one has a part with a value.'),
  must('3.4.2.2-11', '992-998', 'filter', 'gt: the value is greater than the operand.', { remedy: ORDER }),
  must('3.4.2.2-12', '1015-1021', 'filter', 'ge: the value is the operand, or greater.', { remedy: ORDER }),
  must('3.4.2.2-13', '1029-1034', 'filter', 'lt: the value is less than the operand.', { remedy: ORDER }),
  must('3.4.2.2-14', '1042-1048', 'filter', 'le: the value is the operand, or less.', { remedy: ORDER }),
  must('3.4.2.2-15', '997-999', 'filter', 'Times are compared chronologically, whatever their zone and precision.'),
  must('3.4.2.2-16', '1001-1027', 'filter', 'gt and ge on booleans and binaries are refused with 400 "invalidFilter".'),
  must('3.4.2.2-17', '1037-1054', 'filter', 'lt and le on booleans and binaries are refused with 400 "invalidFilter".'),
  must('3.4.2.2-18', '1074-1075', 'filter', 'and: both expressions are true.'),
  must('3.4.2.2-19', '1077-1078', 'filter', 'or: at least one expression is true.'),
  must('3.4.2.2-20', '1080-1081', 'filter', 'not: the expression is false.'),
  must('3.4.2.2-21', '1090-1094', 'filter', 'Round brackets group before and and or.'),
  must('3.4.2.2-22', '1096-1100', 'filter', 'The expressions in square brackets are true of one and the same value.'),
  must('3.4.2.2-23', '1100-1104', 'filter', 'What stands in square brackets is a valid filter, or is refused.'),
  must('3.4.2.2-24', '1127-1161', 'filter', 'A filter against the grammar is refused.'),
  must('3.4.2.2-25', '1142-1165', 'filter', 'Values in filters are JSON: escapes in strings, true, false, numbers.'),
  must('3.4.2.2-26', '1183-1191', 'filter', 'not binds tighter than and, and tighter than or.'),
  must('3.4.2.2-27', '1193-1196', 'filter', 'A filter on a multi-valued attribute matches if one of the values does.'),
  must('3.4.2.2-28', '1197-1200', 'filter', 'Parts of complex attributes are filtered by "attribute.part".'),
  must('3.4.2.2-29', '1202-1205', 'filter', 'A filter sees a default as it was shown to the client.'),
  must(
    '3.4.2.2-30',
    '1208-1214',
    'filter',
    'An operator that is not known is refused with 400 "invalidFilter" and an explanation.',
  ),
  must('3.4.2.2-31', '1216-1218', 'filter', 'Strings that are not caseExact are compared without regard to case.'),
  should('3.4.2.2-33', '957-990', 'filter', 'All operators are supported, for all attributes.', {
    manner: 'strict',
    remedy:
      'Table 9 lets a server decline a comparison with 400 "invalidFilter"; clients that need it are left without.',
  }),
  must('3.4.2.2-32', '1216-1218', 'filter', 'Strings that are caseExact are compared with regard to case.'),
];

const sorting: readonly Requirement[] = [
  must('3.4.2.3-1', '1303-1306', 'sort', 'Results are in the order of the attribute that sortBy names.'),
  must('3.4.2.3-2', '1306-1309', 'sort', 'A multi-valued attribute is sorted by its primary value, else by its first.'),
  must('3.4.2.3-3', '1309-1311', 'sort', 'Results can be sorted by a part of a complex attribute.'),
  must('3.4.2.3-4', '1312-1314', 'sort', 'Resources without a value come last ascending, and first descending.'),
  must('3.4.2.3-5', '1316-1317', 'sort', 'sortOrder "descending" turns the order around.'),
  must('3.4.2.3-6', '1317-1319', 'sort', 'Without sortOrder the order is ascending.'),
  must('3.4.2.3-7', '1321-1324', 'sort', 'Strings that are not caseExact are sorted without regard to case.'),
  must('3.4.2.3-8', '1324-1326', 'sort', 'Strings that are caseExact are sorted with regard to case.', {
    unseen: 'Code points and collation put "B" and "a" in different orders, and both are Unicode orders.',
  }),
];

const choosing: readonly Requirement[] = [
  must(
    '3.4.2.5-1',
    '1436-1445',
    'projection',
    'Lists show the attributes that `attributes` names, and not the default ones.',
  ),
  must('3.4.2.5-2', '1436-1453', 'projection', 'Lists leave out what `excludedAttributes` names.'),
  must('3.4.2.5-3', '1449-1451', 'projection', 'Lists show what is returned always, even if it is excluded.'),
  must('3.4.2.5-4', '1443-1445', 'projection', 'Clients write attribute names in standard notation.', CLIENT),
  must('3.4.3-1', '1467-1469', 'search', 'A POST to ".search" is a query.', {
    manner: 'strict',
    remedy: 'Answer POST /Users/.search like GET /Users, the parameters taken from the body.',
  }),
  must('3.4.3-2', '1476-1477', 'search', 'Clients name the SearchRequest URN in `schemas`.', CLIENT),
  must(
    '3.4.3-3',
    '1480-1484',
    'search',
    'A search shows the attributes that `attributes` names, and not the default ones.',
  ),
  must('3.4.3-4', '1486-1490', 'search', 'A search shows what is returned always, even if it is excluded.'),
  must('3.4.3-5', '1494-1496', 'search', 'A search gives what its filter matches, and refuses an invalid one.'),
  must('3.4.3-6', '1498-1505', 'search', 'A search sorts by its sortBy.'),
  must('3.4.3-7', '1519-1523', 'search', 'A search gives the page that its startIndex and count name.'),
  must('3.4.3-8', '1525-1526', 'search', 'A search is answered with 200 and a ListResponse.'),
  must(
    '3.9-1',
    '3591-3600',
    'projection',
    'With `attributes`, a resource shows the named ones and those returned always.',
  ),
  must('3.9-2', '3605-3608', 'projection', 'With `excludedAttributes`, a resource lacks the named ones and no others.'),
  must('3.9-3', '3605-3606', 'projection', 'What is returned always stays, even if it is excluded.'),
  must('3.9-4', '3591-3594', 'projection', 'Both parameters work with POST, PUT and PATCH as well.'),
  must('3.9-5', '3597-3599', 'projection', 'A sub-attribute that is named is shown without the others.'),
  must('3.9-6', '3573-3579', 'projection', 'What is returned never is not shown, even if it is named.'),
  must('3.10-1', '3649-3654', 'filter', 'An attribute can be named with the URN of its schema before it.'),
  should('3.10-2', '3654-3657', 'filter', 'Clients name attributes of extensions by their full URN.', CLIENT),
  must('3.10-3', '3660-3663', 'filter', 'A sub-attribute can be named with the URN of its schema before it.'),
  must('3.10-4', '3663-3665', 'filter', 'The URN before an attribute is case insensitive.'),
  must('3.10-5', '3663-3665', 'projection', 'Names in `attributes` and `excludedAttributes` are case insensitive.'),
  must('3.10-6', '3663-3665', 'patch', 'Names in the path of a PATCH are case insensitive.'),
];

export const queries = [...lists, ...filters, ...sorting, ...choosing];
