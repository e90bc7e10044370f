import segmentUpdates from '../../../graphql/operations/SegmentUpdates.graphql?raw';
import { operation } from '../api/operation';
import type * as gql from '../gql/operations';

export const SEGMENT_UPDATES = operation<gql.SegmentUpdatesSubscription, gql.SegmentUpdatesSubscriptionVariables>(segmentUpdates);

export type Updates = gql.SegmentUpdatesSubscription['segmentUpdates'];
export type Segment = Updates['segments'][number];
