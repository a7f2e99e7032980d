/** RFC 7644 sections 3.3 to 3.7 and 3.11: what changes resources, one at a time and many together. */
import type { Requirement } from '../model.ts';
import { CLIENT, citing, INTERNAL } from './cite.ts';

const { must, should } = citing(7644);

const creating: readonly Requirement[] = [
  must('3.3-1', '580-584', 'create', 'Values for readOnly attributes in a POST are ignored.'),
  must('3.3-2', '601-602', 'create', 'A created resource is answered with 201.'),
  should('3.3-3', '603-604', 'create', 'The answer to a POST holds the resource as the service sees it.'),
  must('3.3-4', '604-606', 'create', 'The URI of a created resource stands in the Location header.'),
  must('3.3-5', '604-607', 'create', 'The URI of a created resource stands in `meta.location`, as in the header.'),
  must('3.3-6', '623-626', 'create', 'A resource in conflict with another is refused with 409.'),
  must('3.3-7', '625-627', 'create', 'A conflict has scimType "uniqueness".'),
  must('3.3.1-1', '711-715', 'create', '`meta.resourceType` is set to the type of the endpoint.'),
  must('3.6-1', '2641-2644', 'delete', 'Every operation on a deleted resource is answered with 404.'),
  must('3.6-2', '2644-2645', 'delete', 'A deleted resource is in no query result.'),
  should('3.6-3', '2645-2650', 'delete', 'A deleted resource conflicts with nothing: its user name is free again.'),
  must('3.6-4', '2657-2658', 'delete', 'A successful DELETE is answered with 204.'),
];

const replacing: readonly Requirement[] = [
  must('3.5-1', '1607-1608', 'replace', 'PUT is supported.'),
  should('3.5-2', '1608-1610', 'patch', 'PATCH is supported.', {
    remedy: 'Support PATCH: without it, every change of one member rewrites the whole group.',
  }),
  must('3.5.1-1', '1635-1637', 'replace', 'A PUT to an id that nobody has is refused.'),
  must('3.5.1-2', '1644-1645', 'replace', 'Values given in a PUT replace those that were there.'),
  should('3.5.1-3', '1639-1652', 'replace', 'What a PUT leaves out is cleared, or gets its default.', {
    manner: 'strict',
    remedy: 'RFC 7644 lets you choose between clearing and a default; keeping the old value is neither.',
  }),
  must('3.5.1-4', '1654-1657', 'replace', 'null and [] in a PUT clear the attribute.'),
  should('3.5.1-5', '1659-1661', 'replace', 'Another value for an immutable attribute is refused: 400 "mutability".'),
  must('3.5.1-6', '1661-1663', 'replace', 'An immutable attribute without a value takes the one that a PUT brings.'),
  must('3.5.1-7', '1665-1665', 'replace', 'Values for readOnly attributes in a PUT are ignored, not refused.'),
  must('3.5.1-8', '1667-1668', 'replace', 'Clients send required attributes in a PUT.', CLIENT),
  must('3.5.1-9', '1687-1690', 'replace', 'A successful PUT is answered with 200 and the whole resource.'),
];

const patching: readonly Requirement[] = [
  must('3.5.2-1', '1805-1806', 'patch', 'Clients name the PatchOp URN in `schemas`.', CLIENT),
  should('3.5.2-2', '1808-1810', 'patch', 'A PATCH without operations is refused with 400.'),
  should('3.5.2-3', '1810-1812', 'patch', 'An operation that is none of add, remove and replace is refused with 400.'),
  must('3.5.2-4', '1855-1868', 'patch', 'A path that does not follow the grammar is refused.'),
  must('3.5.2-5', '1886-1894', 'patch', 'An operation on the path of a readOnly attribute is refused.'),
  must('3.5.2-6', '1886-1894', 'patch', 'A value that does not fit the type of the attribute is refused.'),
  must('3.5.2-7', '1889-1891', 'patch', 'Values can be added to an immutable attribute that has none.'),
  must('3.5.2-8', '1902-1916', 'patch', 'An attribute given by its full URN brings its schema into `schemas`.'),
  must('3.5.2-9', '1896-1901', 'patch', 'Later operations see `schemas` as earlier ones left it.', INTERNAL),
  must('3.5.2-10', '1918-1924', 'patch', 'Operations are applied one after the other, in their order.'),
  must('3.5.2-11', '1926-1929', 'patch', 'A value that becomes primary takes the mark from the others.', {
    remedy: 'Set `primary` to false on all other values of the attribute when an operation sets it to true.',
  }),
  must('3.5.2-12', '1931-1934', 'patch', 'If one operation fails, none is applied.', {
    remedy: 'Apply the operations to a copy, or in a transaction, and keep the result only if all succeed.',
  }),
  must('3.5.2-13', '1933-1937', 'patch', 'A failed PATCH is answered with an error status and an error body.'),
  must(
    '3.5.2-14',
    '1939-1943',
    'patch',
    'A successful PATCH is answered with 200 and the whole resource, or with 204.',
  ),
  must('3.5.2-16', '1891-1894', 'patch', 'A path to an attribute that the schema does not have is refused.', {
    manner: 'strict',
  }),
  must('3.5.2-15', '1943-1944', 'patch', 'A PATCH with the `attributes` parameter is answered with 200.'),
];

const adding: readonly Requirement[] = [
  should('3.5.2.1-1', '1972-1973', 'patch', 'An add without a value is refused with 400.'),
  must('3.5.2.1-2', '1980-1982', 'patch', 'An add without a path adds the attributes of its value to the resource.'),
  must('3.5.2.1-3', '1984-1985', 'patch', 'An add gives a value to an attribute that had none.'),
  must('3.5.2.1-4', '1987-1988', 'patch', 'An add to a complex attribute sets the sub-attributes of its value.'),
  must('3.5.2.1-5', '1990-1991', 'patch', 'An add to a multi-valued attribute keeps the values that are there.'),
  must('3.5.2.1-6', '1993-1994', 'patch', 'An add to a single-valued attribute replaces its value.'),
  should('3.5.2.1-7', '2001-2003', 'patch', 'Adding a value that is there already succeeds, and changes nothing.'),
  must('3.5.2.1-8', '2003-2005', 'patch', 'Adding what is there already leaves `meta.lastModified` as it is.'),
];

const removing: readonly Requirement[] = [
  must('3.5.2.2-1', '2142-2143', 'patch', 'A remove without a path fails with 400.'),
  should('3.5.2.2-2', '2142-2143', 'patch', 'A remove without a path has scimType "noTarget".'),
  must('3.5.2.2-3', '2145-2147', 'patch', 'A remove leaves a single-valued attribute without a value.'),
  must('3.5.2.2-4', '2149-2151', 'patch', 'A remove without a filter takes all values of a multi-valued attribute.'),
  must('3.5.2.2-5', '2153-2160', 'patch', 'A remove with a filter takes the matching values, and no others.'),
  must('3.5.2.2-6', '2155-2164', 'patch', 'When the last value is removed, the attribute is unassigned.'),
  must(
    '3.5.2.2-7',
    '2161-2162',
    'patch',
    'A remove of a sub-attribute of selected values leaves the values themselves.',
  ),
  must('3.5.2.2-8', '2166-2170', 'patch', 'A remove of a required attribute is refused with scimType "mutability".'),
  must('3.5.2.2-9', '2166-2170', 'patch', 'A remove of a readOnly attribute is refused with scimType "mutability".'),
  should('3.5.2.2-10', '2172-2175', 'patch', 'Removing someone who is no member succeeds, and changes nothing.', {
    manner: 'strict',
  }),
  must(
    '3.5.2.2-11',
    '2153-2157',
    'patch',
    'Removing one member, or someone who is none, leaves the others in the group.',
    {
      remedy: 'Apply the filter of the path. A group that is emptied instead takes access from everybody in it.',
    },
  ),
];

const replacingValues: readonly Requirement[] = [
  must('3.5.2.3-1', '2365-2367', 'patch', 'A replace without a path replaces the attributes of its value.'),
  must('3.5.2.3-2', '2369-2370', 'patch', 'A replace gives a single-valued attribute its new value.'),
  must(
    '3.5.2.3-3',
    '2372-2373',
    'patch',
    'A replace without a filter replaces all values of a multi-valued attribute.',
  ),
  must('3.5.2.3-4', '2375-2376', 'patch', 'A replace of an attribute without a value works like an add.'),
  must('3.5.2.3-5', '2378-2381', 'patch', 'A replace of a complex attribute sets the sub-attributes of its value.'),
  must(
    '3.5.2.3-6',
    '2381-2382',
    'patch',
    'A replace of a complex attribute leaves the other sub-attributes unchanged.',
  ),
  must('3.5.2.3-7', '2384-2387', 'patch', 'A replace with a filter replaces the matching values, and no others.'),
  must(
    '3.5.2.3-8',
    '2389-2392',
    'patch',
    'A replace below a filter changes the sub-attribute of every matching value.',
  ),
  must('3.5.2.3-9', '2394-2398', 'patch', 'A replace whose filter matches nothing fails with 400 "noTarget".', {
    manner: 'strict',
  }),
  must('3.5.2.3-10', '2394-2398', 'patch', 'A replace whose filter matches nothing fails, or creates the value.', {
    manner: 'tolerant',
    remedy:
      'Answer 400 "noTarget", or create the value from the filter as Entra expects; a success without effect is neither.',
  }),
  must('3.5.2.3-11', '2583-2585', 'patch', 'A replace leaves attributes that it does not name unchanged.'),
];

const bulk: readonly Requirement[] = [
  must(
    '3.7-1',
    '2705-2711',
    'bulk',
    'A bulk request is answered with a BulkResponse, method and status in each operation.',
  ),
  must('3.7-2', '2733-2738', 'bulk', 'Clients give every POST a bulkId.', CLIENT),
  should('3.7-3', '2740-2742', 'bulk', 'An operation with an older version of its resource changes nothing.'),
  must('3.7-13', '2725-2731', 'bulk', 'Clients send operations, each with its method.', CLIENT),
  must('3.7-4', '2751-2756', 'bulk', 'Clients name the path in every operation.', CLIENT),
  must('3.7-5', '2758-2760', 'bulk', 'Clients send data with POST, PUT and PATCH.', CLIENT),
  must('3.7-6', '2765-2773', 'bulk', 'A failed operation holds its error in `response`.'),
  must('3.7-7', '2775-2776', 'bulk', 'A bulk request that was processed is answered with 200.'),
  must(
    '3.7-8',
    '2775-2777',
    'bulk',
    'A bulk request that cannot be processed at all is answered with an error status.',
  ),
  must('3.7-9', '2779-2780', 'bulk', 'Operations after a failed one are still processed.'),
  must('3.7-10', '2780-2784', 'bulk', 'After as many errors as failOnErrors says, the rest is not processed.'),
  must('3.7-11', '2788-2790', 'bulk', 'The bulkId of a created resource comes back with it.'),
  must('3.7-12', '2794-2810', 'bulk', 'The result is that of the operations in their order.'),
  must(
    '3.7.1-1',
    '2814-2816',
    'bulk',
    'Resources that refer to each other are created and linked, or refused with 409.',
  ),
  must('3.7.2-1', '2960-2961', 'bulk', 'A reference by bulkId becomes the id of the created resource.'),
  must('3.7.2-2', '3143-3146', 'bulk', 'References by bulkId work in extensions as well.'),
  must('3.7.3-1', '3199-3200', 'bulk', 'The answer holds the result of every processed operation.'),
  must('3.7.3-2', '3200-3204', 'bulk', 'Every operation but a failed POST has a `location`.'),
  must('3.7.3-3', '3204-3208', 'bulk', 'The status of an operation is that of the same request alone.'),
  must('3.7.3-4', '3208-3210', 'bulk', 'A failed operation is explained in words.'),
  must('3.7.4-1', '3493-3495', 'bulk', 'The largest number of operations and the largest size are defined.'),
  must('3.7.4-2', '3498-3500', 'bulk', 'A request over a limit is refused with 413.'),
  must('3.7.4-3', '3500-3501', 'bulk', 'The answer to a request over a limit names the limit.'),
];

const me: readonly Requirement[] = [
  should('3.11-1', '3674-3675', 'me', 'Where /Me is not supported, it is answered with 501.', {
    manner: 'strict',
    remedy: 'Answer 501: of a 404 a client cannot tell whether the endpoint or its own user is missing.',
  }),
  must('3.11-2', '3682-3685', 'me', 'An answer from /Me names the permanent location of the resource.'),
];

export const operations = [
  ...creating,
  ...replacing,
  ...patching,
  ...adding,
  ...removing,
  ...replacingValues,
  ...bulk,
  ...me,
];
