import viewer from '../../../graphql/operations/Viewer.graphql?raw';
import { operation } from '../api/operation';
import type { ViewerQuery, ViewerQueryVariables } from '../gql/operations';

export const VIEWER = operation<ViewerQuery, ViewerQueryVariables>(viewer);
