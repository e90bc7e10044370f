import searchSegments from '../../../graphql/operations/SearchSegments.graphql?raw';
import { operation } from '../api/operation';
import type * as gql from '../gql/operations';

export const SEARCH_SEGMENTS = operation<gql.SearchSegmentsQuery, gql.SearchSegmentsQueryVariables>(searchSegments);

export type Found = gql.SearchSegmentsQuery['searchSegments']['edges'][number];
